package search_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/glarimy/ums/shared/enginetest"
	"github.com/glarimy/ums/shared/problem"
)

// someLists are filters of every family, two of each, that each have more than one page on crowd.
func someLists() [][]string {
	return [][]string{
		{},
		{"name_prefix", "Krishna"},
		{"name_prefix", "Krishna "},
		{"phone", "9731423166"},
		{"phone", "9731423167"},
		{"phone_prefix", "9731423166"},
		{"phone_prefix", "9"},
		{"since_from", "2022-09-12T10:00:00Z"},
		{"since_from", "2022-09-12T10:00:00Z", "since_to", "2022-09-12T10:00:30Z"},
		{"name", "Krishna 00", "name", "Krishna 01"},
		{"name", "Krishna 01", "name", "Krishna 02"},
	}
}

// crowd is forty users: two phone numbers, four moments.
func crowd() []account {
	users := make([]account, 40)
	for i := range users {
		users[i] = account{fmt.Sprintf("Krishna %02d", i), 9731423166 + uint64(i%2), joined().Add(time.Duration(i%4) * time.Second)}
	}
	return users
}

func TestCursorBelongsToItsList(t *testing.T) {
	t.Parallel()
	b := newBackend(t, enginetest.SQLite(t))
	b.insert(t, crowd()...)
	s := start(t, b, options{})
	for i, from := range someLists() {
		next := s.get(t, append(slices.Clip(from), "limit", "1")...).page(t).Next
		if next == nil {
			t.Fatalf("%q has one page", from)
		}
		for j, to := range someLists() {
			got := s.get(t, append(slices.Clip(to), "cursor", *next)...)
			if i == j {
				got.page(t)
			} else if faults := got.wantProblem(t, problem.InvalidCursor); len(faults) > 0 {
				t.Errorf("the faults are %q", faults)
			}
		}
	}
}

func TestCursorIsTakenForTheSameList(t *testing.T) {
	t.Parallel()
	b := newBackend(t, enginetest.SQLite(t))
	b.insert(t, crowd()...)
	s := start(t, b, options{})
	for name, same := range map[string][2][]string{
		"another limit":                        {{"name_prefix", "Krishna", "limit", "3"}, {"name_prefix", "Krishna", "limit", "4"}},
		"no limit":                             {{"limit", "3"}, {}},
		"a prefix with white space before it":  {{"name_prefix", "Krishna", "limit", "3"}, {"name_prefix", "  Krishna"}},
		"a moment in another zone":             {{"since_from", "2022-09-12T10:00:00Z", "limit", "3"}, {"since_from", "2022-09-12T12:00:00+02:00"}},
		"names in another order, one repeated": {{"name", "Krishna 01", "name", "Krishna 02", "limit", "1"}, {"name", "Krishna 02", "name", "Krishna 01", "name", "Krishna 02"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first := s.get(t, same[0]...).page(t)
			rest := s.get(t, append(slices.Clip(same[1]), "cursor", *first.Next)...).page(t)
			if last := first.Users[len(first.Users)-1].Name; len(rest.Users) == 0 || rest.Users[0].Name == last {
				t.Errorf("after %q came %q", last, rest.names())
			}
		})
	}
}

func TestCursorThatWasAltered(t *testing.T) {
	t.Parallel()
	b := newBackend(t, enginetest.SQLite(t))
	b.insert(t, crowd()...)
	s := start(t, b, options{})
	cursor := *s.get(t, "limit", "1").page(t).Next
	for _, altered := range []string{
		"", "x", "\x00", cursor[1:], cursor[:len(cursor)-1], cursor + "A", cursor + "=", cursor + "\n", " " + cursor,
		strings.ToLower(cursor), strings.Repeat("A", len(cursor)), strings.Repeat("A", 10_000), "\xff\xfe",
		"eyJuYW1lIjoiS3Jpc2huYSJ9",
	} {
		s.get(t, "cursor", altered).wantProblem(t, problem.InvalidCursor)
	}
	for at := range cursor { // every character holds a bit that counts
		c := byte('A')
		if cursor[at] == c {
			c = '_'
		}
		s.get(t, "cursor", cursor[:at]+string(c)+cursor[at+1:]).wantProblem(t, problem.InvalidCursor)
	}
}

// TestCursorOfAnotherReplica goes from one replica to another whose keys are not the same.
func TestCursorOfAnotherReplica(t *testing.T) {
	t.Parallel()
	b := newBackend(t, enginetest.SQLite(t))
	b.insert(t, crowd()...)
	before := start(t, b, options{keys: key(1)})
	rotating := start(t, b, options{keys: key(2) + "," + key(1)})
	after := start(t, b, options{keys: key(2)})
	next := func(s *service) string { return *s.get(t, "limit", "1").page(t).Next }

	rotating.get(t, "cursor", next(before)).page(t)
	rotating.get(t, "cursor", next(after)).page(t)
	after.get(t, "cursor", next(rotating)).page(t)
	before.get(t, "cursor", next(rotating)).wantProblem(t, problem.InvalidCursor)
	after.get(t, "cursor", next(before)).wantProblem(t, problem.InvalidCursor)
}

// TestLink follows the Link header alone, from page to page of each list.
func TestLink(t *testing.T) {
	t.Parallel()
	b := newBackend(t, enginetest.SQLite(t))
	b.insert(t, crowd()...)
	b.insert(t, account{"Krishna <&\"%>;, rel=x", 9000000000, joined()}, account{"Krishna <&\"%>;, rel=y", 9000000000, joined()})
	s := start(t, b, options{})
	for _, list := range append(someLists(), []string{"name_prefix", "Krishna <&\"%>;, rel"}) {
		query := append(slices.Clip(list), "limit", "1")
		want := s.list(t, query...)
		target := "/user?" + encode(query...)
		var got []string
		for target != "" {
			answer := s.send(t, http.MethodGet, target)
			page := answer.page(t)
			got = append(got, page.names()...)
			link := answer.header.Get("Link")
			if (link == "") != (page.Next == nil) {
				t.Fatalf("the link is %q beside the cursor %v", link, page.Next)
			}
			target = follow(t, target, link)
		}
		if len(got) != len(want) {
			t.Errorf("%q: %d users by links, %d by cursors", list, len(got), len(want))
		}
	}
}

// follow resolves a Link header against the target of the request that it answers.
func follow(t *testing.T, target, link string) string {
	t.Helper()
	if link == "" {
		return ""
	}
	reference, found := strings.CutSuffix(link, `>; rel="next"`)
	if !found || reference[0] != '<' || strings.ContainsAny(reference[1:], "<>\" ") {
		t.Fatalf("the header is Link: %s", link)
	}
	base, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	next, err := base.Parse(reference[1:])
	if err != nil {
		t.Fatal(err)
	}
	return next.String()
}
