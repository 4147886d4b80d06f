package contract_test

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/glarimy/ums/conformance/contract"
	"github.com/glarimy/ums/conformance/contracttest"
)

func TestEveryClauseHoldsForAFakeThatKeepsTheContract(t *testing.T) {
	t.Parallel()
	contracttest.Run(t, contract.All, newFake("").start(t))
}

func TestTheSuiteCanRunTwiceAgainstOneSystem(t *testing.T) {
	t.Parallel()
	f := newFake("")
	url := f.start(t)
	for range 2 {
		if err := firstFailure(t, url, contract.Clauses(contract.All)); err != nil {
			t.Fatal(err)
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for name := range f.users {
		t.Errorf("the suite left the user %q behind", name)
	}
}

func firstFailure(t *testing.T, url string, clauses []contract.Clause) error {
	t.Helper()
	client := newClient(t, contract.Options{URL: url})
	for _, c := range clauses {
		if err := c.Check(t.Context(), client); err != nil {
			return errors.Join(errors.New(c.ID), err)
		}
	}
	return nil
}

func newClient(t *testing.T, o contract.Options) *contract.Client {
	t.Helper()
	client, err := contract.NewClient(o)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// Each mutant does one thing wrong, and each of the clauses that it names has to notice.
func TestMutants(t *testing.T) {
	t.Parallel()
	all := contract.Clauses(contract.All)
	for _, m := range mutants() {
		t.Run(m.id(), func(t *testing.T) {
			t.Parallel()
			f := newFake(m.bug)
			f.tamper = m.tamper
			client := newClient(t, contract.Options{URL: f.start(t), Settle: 20 * time.Millisecond})
			for _, pattern := range m.kills {
				meant := matching(t, pattern, all)
				if len(meant) == 0 {
					t.Errorf("no clause is %s", pattern)
				}
				for _, c := range meant {
					err := checkWithin(t, client, c)
					for i := 1; err == nil && strings.HasSuffix(c.ID, "while-writing") && i < 5; i++ {
						err = checkWithin(t, client, c) // which catches a server in the act, or does not
					}
					if err == nil || errors.Is(err, contract.ErrSkip) {
						t.Errorf("clause %s holds (%v) for a server that %s", c.ID, err, m.id())
					}
				}
			}
		})
	}
}

func checkWithin(t *testing.T, client *contract.Client, c contract.Clause) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	return c.Check(ctx, client)
}

// A clause that no mutant can break might be one that cannot fail.
func TestEveryClauseIsBrokenByAMutant(t *testing.T) {
	t.Parallel()
	all := contract.Clauses(contract.All)
	broken := map[string]bool{}
	for _, m := range mutants() {
		for _, pattern := range m.kills {
			for _, c := range matching(t, pattern, all) {
				broken[c.ID] = true
			}
		}
	}
	for _, c := range all {
		if !broken[c.ID] {
			t.Errorf("no mutant breaks clause %s", c.ID)
		}
	}
}

// matching returns the clauses whose whole ID matches the pattern.
func matching(t *testing.T, pattern string, clauses []contract.Clause) (found []contract.Clause) {
	t.Helper()
	re, err := regexp.Compile("^(?:" + pattern + ")$")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range clauses {
		if re.MatchString(c.ID) {
			found = append(found, c)
		}
	}
	return found
}

func TestClausesAreNamedAndSayWhatTheyPromise(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^(find|add|search|journal|all)/[a-z0-9-]+/[a-z0-9-]+$`)
	seen := map[string]bool{}
	for _, c := range contract.Clauses(contract.All) {
		if !form.MatchString(c.ID) {
			t.Errorf("ID %q: want slot/subject/case", c.ID)
		}
		if seen[c.ID] {
			t.Errorf("ID %q is there twice", c.ID)
		}
		seen[c.ID] = true
		if c.Says == "" || strings.HasSuffix(c.Says, ".") || strings.ContainsAny(c.Says, "\n") || c.Run == nil {
			t.Errorf("clause %s says %q", c.ID, c.Says)
		}
	}
	got := 0
	for _, slot := range contract.Slots() {
		if slot != contract.All {
			got += len(contract.Clauses(slot))
		}
	}
	if want := len(seen); got >= want {
		t.Errorf("the slots have %d clauses on their own, and %d together; want more, for what only all can keep", got, want)
	}
}

// TestAFillingNeedNotKnowEveryMethod lets a service alone refuse one as its library does, and nothing else.
func TestAFillingNeedNotKnowEveryMethod(t *testing.T) {
	t.Parallel()
	own := map[contract.Slot][]string{
		contract.Find: {"GET", "HEAD"}, contract.Search: {"GET", "HEAD"}, contract.Add: {"POST", "PATCH", "DELETE"},
	}
	for slot, methods := range own {
		for status, want := range map[int]bool{400: true, 501: true, 404: false, 200: false} {
			f := newFake("")
			f.tamper = func(r *http.Request, a *answer) {
				if r.Method == "CONFORM" {
					*a = answer{status: status, header: http.Header{}}
				}
				if allow := strings.Split(a.header.Get("Allow"), ", "); a.status == http.StatusMethodNotAllowed {
					a.header.Set("Allow", strings.Join(slices.DeleteFunc(allow, func(method string) bool {
						return !slices.Contains(methods, method)
					}), ", "))
				}
			}
			client := newClient(t, contract.Options{URL: f.start(t)})
			for _, c := range matching(t, ".*/method/unknown-.*", contract.Clauses(slot)) {
				if err := c.Check(t.Context(), client); (err == nil) != want {
					t.Errorf("clause %s with the status %d: %v", c.ID, status, err)
				}
			}
		}
	}
}

func TestLagIsAllowedOnlyIfAskedFor(t *testing.T) {
	t.Parallel()
	f := newFake("stale")
	url := f.start(t)
	for _, test := range []struct {
		lag  time.Duration
		want bool
	}{{0, false}, {time.Second, true}} {
		client := newClient(t, contract.Options{URL: url, Lag: test.lag})
		for _, c := range contract.Clauses(contract.Find) {
			if c.ID != "find/fresh/change" && c.ID != "find/fresh/readers" {
				continue
			}
			if err := c.Check(t.Context(), client); (err == nil) != test.want {
				t.Errorf("clause %s with a lag of %s: %v", c.ID, test.lag, err)
			}
		}
	}
}

func TestASlotThatOnlyReadsNeedsAWriteURL(t *testing.T) {
	t.Parallel()
	f := newFake("")
	whole := f.start(t)
	reader := newFake("")
	reader.users = f.users
	reader.tamper = func(r *http.Request, a *answer) {
		if r.Method != "GET" && r.Method != "HEAD" {
			*a = problem("method-not-allowed", 405)
		}
	}
	onlyReads := reader.start(t)
	if err := newClient(t, contract.Options{URL: onlyReads}).Reach(t.Context(), contract.Find); !errors.Is(err, contract.ErrUnreachable) ||
		!strings.Contains(err.Error(), "write URL") {
		t.Errorf("without a write URL: %v; want to be told of it", err)
	}
	if err := newClient(t, contract.Options{URL: onlyReads, WriteURL: whole}).Reach(t.Context(), contract.Find); err != nil {
		t.Errorf("with a write URL: %v", err)
	}
}

func TestAnEmptySlotIsToldInPlainWords(t *testing.T) {
	t.Parallel()
	f := newFake("")
	f.tamper = func(r *http.Request, a *answer) {
		if isList(r) {
			id := a.header.Get("X-Request-Id")
			*a = problem("not-implemented", http.StatusNotImplemented)
			a.header.Set("X-Request-Id", id)
			a.body = []byte(strings.Replace(string(a.body), "REQUEST-ID", id, 1))
		}
	}
	client := newClient(t, contract.Options{URL: f.start(t), Settle: time.Millisecond})
	const want = "nothing fills this slot"
	if err := client.Filled(t.Context(), contract.Search); !errors.Is(err, contract.ErrUnreachable) || !strings.Contains(err.Error(), want) {
		t.Errorf("it is filled: %v; want to be told that %s", err, want)
	}
	for _, err := range []error{client.Reach(t.Context(), contract.Search), client.Filled(t.Context(), contract.All)} {
		if err != nil {
			t.Errorf("for the sake of one slot other clauses are not checked: %v", err)
		}
	}
	for _, c := range matching(t, "search/names/found", contract.Clauses(contract.All)) {
		if err := c.Check(t.Context(), client); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("clause %s: %v; want to be told that %s", c.ID, err, want)
		}
	}
}

func TestAMissingHeaderIsToldInPlainWords(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ header, value, clauses, want string }{
		{
			"Cache-Control", "", "find/probe/.*",
			"the contract wants the 200 of a probe to have the header Cache-Control: no-store (there is none)",
		},
		{
			"Cache-Control", "", "find/(?:problem/(?:no-route|head)|read/(?:head-)?missing)",
			"every problem to have the header Cache-Control: no-store (there is none)",
		},
		{
			"X-Content-Type-Options", "sniff", "find/(?:problem/(?:no-route|head)|read/(?:head-)?missing)",
			`every problem to have the header X-Content-Type-Options: nosniff (it is ["sniff"])`,
		},
	} {
		f := newFake("")
		f.tamper = func(_ *http.Request, a *answer) {
			if a.header.Del(test.header); test.value != "" {
				a.header.Set(test.header, test.value)
			}
		}
		client := newClient(t, contract.Options{URL: f.start(t)})
		for _, c := range matching(t, test.clauses, contract.Clauses(contract.All)) {
			if err := c.Check(t.Context(), client); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("clause %s: %v; want to be told %q", c.ID, err, test.want)
			}
		}
	}
}

func TestBadBaseURLs(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"", "localhost:8080", "ftp://localhost", "http://", "http://localhost?x=1", "http://a:b@localhost", "http://%zz"} {
		if _, err := contract.NewClient(contract.Options{URL: url}); err == nil {
			t.Errorf("%q is taken for a base URL", url)
		}
	}
}
