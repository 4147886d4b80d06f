package main_test

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	conformance "github.com/glarimy/ums/conformance"
	"github.com/glarimy/ums/conformance/contract"
)

// halfReady answers its probes, and refuses everything else. It is ready or not.
func halfReady(t *testing.T, ready bool) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/livez", r.URL.Path == "/readyz" && ready:
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Cache-Control", "no-store")
			_, _ = w.Write([]byte(`{"status":"ok"}`)) // the client reports what is missing
		case r.URL.Path == "/readyz":
			w.WriteHeader(http.StatusServiceUnavailable)
		default:
			w.WriteHeader(http.StatusBadRequest)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func run(t *testing.T, env map[string]string, args ...string) (code int, out string) {
	t.Helper()
	var b bytes.Buffer
	code = conformance.Run(t.Context(), args, func(key string) string { return env[key] }, &b)
	return code, b.String()
}

func TestAKeptContract(t *testing.T) {
	t.Parallel()
	code, out := run(t, nil, "-slot", "add", "-url", halfReady(t, true), "-run", "^add/probe/")
	want := regexp.MustCompile(`^ok   add/probe/livez  /livez answers 200 while the process lives \(\d+m?s\)
ok   add/probe/readyz  /readyz answers 200 while it wants requests \(\d+m?s\)
2 passed, 0 failed, 0 skipped
$`)
	if code != 0 || !want.MatchString(out) {
		t.Errorf("exit code %d, output:\n%s", code, out)
	}
}

func TestABrokenContract(t *testing.T) {
	t.Parallel()
	code, out := run(t, nil, "-slot", "find", "-url", halfReady(t, false), "-run", "probe")
	want := regexp.MustCompile(`^ok   find/probe/livez .*
FAIL find/probe/readyz  /readyz answers 200 while it wants requests \(\d+m?s\): ` +
		`sent GET /readyz; got 503 Service Unavailable; the contract wants the status 200 OK
1 passed, 1 failed, 0 skipped
$`)
	if code != 1 || !want.MatchString(out) {
		t.Errorf("exit code %d, output:\n%s", code, out)
	}
}

func TestAClauseThatDoesNotApply(t *testing.T) {
	t.Parallel()
	code, out := run(t, nil, "-slot", "find", "-url", halfReady(t, true), "-run", "find/fresh/no-way-back", "-lag", "1s")
	if code != 0 || !strings.HasPrefix(out, "skip find/fresh/no-way-back  ") || !strings.HasSuffix(out, "\n0 passed, 0 failed, 1 skipped\n") {
		t.Errorf("exit code %d, output:\n%s", code, out)
	}
}

func TestVerboseShowsEveryExchange(t *testing.T) {
	t.Parallel()
	_, out := run(t, nil, "-slot", "find", "-url", halfReady(t, true), "-run", "find/probe/livez", "-v")
	for _, want := range []string{
		"       GET /livez → 200 OK [Content-Type: application/json] with the body ‹{\"status\":\"ok\"}› (",
		"       HEAD /livez → 200 OK [Content-Type: application/json] (",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("output:\n%s\nwant %q in it", out, want)
		}
	}
}

func TestAddressesFromTheEnvironment(t *testing.T) {
	t.Parallel()
	env := map[string]string{"CONFORMANCE_URL": halfReady(t, true), "CONFORMANCE_WRITE_URL": halfReady(t, false)}
	if code, out := run(t, env, "-slot", "all", "-run", "(add|find)/probe/readyz"); code != 1 ||
		!strings.HasSuffix(out, "\n1 passed, 1 failed, 0 skipped\n") {
		t.Errorf("exit code %d, output:\n%s", code, out)
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	code, out := run(t, nil, "-slot", "all", "-list", "-run", "probe")
	if code != 0 || strings.Count(out, "\n") != 2*(len(contract.Slots())-1) || strings.Contains(out, "passed") {
		t.Errorf("exit code %d, output:\n%s", code, out)
	}
}

// TestTheREADMEKnowsHowMany holds the summary of the README's example against the clauses that there are.
func TestTheREADMEKnowsHowMany(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	sum := 0
	counts := regexp.MustCompile(`(?m)^ +(\d+) passed, (\d+) failed, (\d+) skipped$`).FindStringSubmatch(string(text))
	for _, count := range counts[min(1, len(counts)):] {
		n, err := strconv.Atoi(count)
		if err != nil {
			t.Fatal(err)
		}
		sum += n
	}
	if want := len(contract.Clauses(contract.All)); sum != want {
		t.Errorf("the README's example has %d clauses, the suite %d", sum, want)
	}
}

func TestWhatCannotBeRun(t *testing.T) {
	t.Parallel()
	url := halfReady(t, true)
	for _, test := range []struct {
		says string
		args []string
		want string
	}{
		{"no slot", []string{"-url", url}, "choose find, add, search, journal or all"},
		{"an unknown slot", []string{"-slot", "serch", "-url", url}, `no slot "serch"`},
		{"no address", []string{"-slot", "add"}, "-url is missing"},
		{"a bad address", []string{"-slot", "add", "-url", "localhost:8080"}, "not a base URL"},
		{"a bad expression", []string{"-slot", "add", "-url", url, "-run", "("}, "missing closing )"},
		{"no such clause", []string{"-slot", "add", "-url", url, "-run", "nothing"}, "no clause"},
		{"no time", []string{"-slot", "add", "-url", url, "-timeout", "0s"}, "-timeout"},
		{"a negative lag", []string{"-slot", "add", "-url", url, "-lag", "-1s"}, "negative"},
		{"an argument too many", []string{"-slot", "add", "-url", url, "more"}, `no place for "more"`},
		{"an unknown flag", []string{"-slots", "add"}, "not defined: -slots"},
		{"nobody there", []string{"-slot", "add", "-url", "http://" + freeAddress(t)}, "cannot be reached"},
	} {
		code, out := run(t, nil, test.args...)
		if code != 2 || !strings.Contains(out, test.want) || strings.Contains(out, "passed") {
			t.Errorf("%s: exit code %d, output:\n%s", test.says, code, out)
		}
	}
}

// freeAddress returns an address where nobody listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestHelpIsNoFailure(t *testing.T) {
	t.Parallel()
	if code, out := run(t, nil, "-h"); code != 0 || !strings.Contains(out, "-slot") {
		t.Errorf("exit code %d, output:\n%s", code, out)
	}
}

func TestAnInterruptedRunIsNoSuccess(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	url := halfReady(t, true)
	// The first line that is printed interrupts what would follow.
	out := &interrupting{interrupt: cancel}
	code := conformance.Run(ctx, []string{"-slot", "add", "-url", url, "-run", "probe"}, func(string) string { return "" }, out)
	if code != 2 || !strings.HasSuffix(out.String(), "\n1 passed, 0 failed, 1 skipped\n") {
		t.Errorf("exit code %d, output:\n%s", code, out)
	}
}

type interrupting struct {
	bytes.Buffer
	interrupt func()
}

func (w *interrupting) Write(p []byte) (int, error) {
	w.interrupt()
	return w.Buffer.Write(p)
}
