package find_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/glarimy/ums/shared/problem"
	"github.com/glarimy/ums/shared/user"
	"github.com/glarimy/ums/shared/user/usertest"
)

// TestFind asks for a user twice, so that the first answer is made of the database and the second of the cache.
func TestFind(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *backends) {
		s := start(t, b, options{})
		u := b.insert(t, "KrishnaMohan", since())
		const body = `{"name":"KrishnaMohan","phone":9731423166,"since":"2022-09-12T10:00:00Z"}`
		for _, from := range []string{"database", "cache"} {
			for _, method := range []string{http.MethodGet, http.MethodHead} {
				got := s.send(t, method, "/user/KrishnaMohan")
				got.wantStatus(t, http.StatusOK)
				for name, want := range map[string]string{
					"Content-Type": "application/json", "Content-Length": fmt.Sprint(len(body)),
					"Etag": u.ETag(), "Cache-Control": "no-cache",
				} {
					if got := got.header.Get(name); got != want {
						t.Errorf("%s from the %s: %s = %q, want %q", method, from, name, got, want)
					}
				}
				if got.header.Get("X-Request-Id") == "" {
					t.Errorf("%s from the %s: no X-Request-Id", method, from)
				}
				if want := map[string]string{http.MethodGet: body}[method]; got.body != want {
					t.Errorf("%s from the %s: body = %q, want %q", method, from, got.body, want)
				}
			}
			b.cached(t, u.Name, "user:")
		}
		for range 2 {
			s.get(t, "/user/nobody%20at%20all").wantProblem(t, problem.UserNotFound)
			s.get(t, "/user/krishnamohan").wantProblem(t, problem.UserNotFound)
			got := s.send(t, http.MethodHead, "/user/nobody%20at%20all")
			if got.status != http.StatusNotFound || got.body != "" || got.header.Get("Content-Type") != problem.ContentType {
				t.Errorf("HEAD of nobody: %d %v %q", got.status, got.header, got.body)
			}
		}
	})
}

func TestNames(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *backends) {
		s := start(t, b, options{})
		for _, n := range usertest.GoodNames() {
			u := b.insert(t, n.Raw, since())
			want := string(u.Record().AppendJSON(nil))
			// The name as it was sent leads to the user as well as the name as it is kept.
			for _, segment := range []string{n.Segment(), n.WantSegment()} {
				got := s.get(t, "/user/"+segment)
				if got.status != http.StatusOK || got.body != want || got.header.Get("Etag") != u.ETag() {
					t.Errorf("%s: %d %s, want 200 %s", n.Name, got.status, got.body, want)
				}
			}
		}
		for _, n := range usertest.BadNames() {
			got := s.get(t, "/user/"+n.Segment())
			if err := n.Check(got.status, got.header, []byte(got.body)); err != nil {
				t.Errorf("%s: %v", n.Name, err)
			}
		}
	})
}

func TestConditions(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *backends) {
		s := start(t, b, options{})
		u := b.insert(t, "KrishnaMohan", since())
		for range 2 { // from the database and from the cache
			for _, tc := range []struct {
				lines []string // CURRENT stands for the user's entity tag
				want  int
			}{
				{nil, http.StatusOK},
				{[]string{`CURRENT`}, http.StatusNotModified},
				{[]string{`W/CURRENT`}, http.StatusNotModified},
				{[]string{`*`}, http.StatusNotModified},
				{[]string{`"1-1", CURRENT`}, http.StatusNotModified},
				{[]string{`"1-1"`, `W/CURRENT`}, http.StatusNotModified},
				{[]string{`"1-1"`}, http.StatusOK},
				{[]string{`"1-1", W/"1-2"`}, http.StatusOK},
				{[]string{`""`}, http.StatusOK},
				{[]string{`1-1`}, http.StatusBadRequest},
				{[]string{`"1-1`}, http.StatusBadRequest},
				{[]string{`*, CURRENT`}, http.StatusBadRequest},
				{[]string{``}, http.StatusBadRequest},
			} {
				var headers []string
				for _, line := range tc.lines {
					headers = append(headers, "If-None-Match", strings.ReplaceAll(line, "CURRENT", u.ETag()))
				}
				for _, method := range []string{http.MethodGet, http.MethodHead} {
					got := s.send(t, method, "/user/KrishnaMohan", headers...)
					if got.status != tc.want {
						t.Errorf("%s %q: status = %d, want %d", method, tc.lines, got.status, tc.want)
					}
					if tc.want == http.StatusBadRequest {
						if method == http.MethodGet {
							got.wantProblem(t, problem.InvalidPrecondition)
						}
						continue
					}
					if got.header.Get("Etag") != u.ETag() || got.header.Get("Cache-Control") != "no-cache" {
						t.Errorf("%s %q: headers %v", method, tc.lines, got.header)
					}
					if tc.want == http.StatusNotModified && (got.body != "" || got.header.Get("Content-Type") != "") {
						t.Errorf("%s %q: 304 with a body: %v %q", method, tc.lines, got.header, got.body)
					}
				}
				nobody := problem.UserNotFound
				if tc.want == http.StatusBadRequest {
					nobody = problem.InvalidPrecondition
				}
				s.get(t, "/user/nobody%20at%20all", headers...).wantProblem(t, nobody)
			}
			b.cached(t, u.Name, "user:")
		}
	})
}

// TestFormerUser finds that who knows a former user of a name does not know the next one.
func TestFormerUser(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *backends) {
		s := start(t, b, options{})
		u := b.insert(t, "KrishnaMohan", since())
		first := s.get(t, "/user/KrishnaMohan").header.Get("Etag")
		s.get(t, "/user/KrishnaMohan", "If-None-Match", first).wantStatus(t, http.StatusNotModified)
		b.cached(t, u.Name, "user:")
		b.delete(t, u.Name)
		b.forget(t, u.Name)
		s.get(t, "/user/KrishnaMohan", "If-None-Match", first).wantProblem(t, problem.UserNotFound)
		b.cached(t, u.Name, "none:")
		b.insert(t, "KrishnaMohan", since().Add(time.Microsecond))
		b.forget(t, u.Name)
		got := s.get(t, "/user/KrishnaMohan", "If-None-Match", first)
		got.wantStatus(t, http.StatusOK)
		if second := got.header.Get("Etag"); second == first {
			t.Errorf("both users have the entity tag %s", first)
		}
	})
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	b := onSQLite(t)
	s := start(t, b, options{})
	b.insert(t, "Krishna/Mohan", since())
	b.insert(t, "../../livez", since())
	for _, tc := range []struct {
		method, path string
		want         problem.Type // "" for success
		allow        string
	}{
		{http.MethodGet, "/user/Krishna%2FMohan", "", ""},
		{http.MethodGet, "/user/Krishna%2fMoh%61n", "", ""},
		{http.MethodGet, "/user/..%2F..%2Flivez", "", ""},
		{http.MethodGet, "/user/%2E%2E%2F%2E%2E%2Flivez", "", ""},
		{http.MethodGet, "/user/Krishna%252FMohan", problem.UserNotFound, ""},
		{http.MethodGet, "/user/Krishna+%2FMohan", problem.UserNotFound, ""},
		{http.MethodGet, "/user/Krishna/Mohan", problem.RouteNotFound, ""},
		{http.MethodGet, "//user/Krishna%2FMohan", problem.RouteNotFound, ""},
		{http.MethodGet, "/user/Krishna%2FMohan/", problem.RouteNotFound, ""},
		{http.MethodGet, "/user/./Krishna%2FMohan", problem.RouteNotFound, ""},
		{http.MethodGet, "/user/", problem.RouteNotFound, ""},
		{http.MethodGet, "/user", problem.RouteNotFound, ""},
		{http.MethodGet, "/", problem.RouteNotFound, ""},
		{http.MethodGet, "/user/..", problem.InvalidName, ""},
		{http.MethodPost, "/user/KrishnaMohan", problem.MethodNotAllowed, "GET, HEAD"},
		{http.MethodDelete, "/user/KrishnaMohan", problem.MethodNotAllowed, "GET, HEAD"},
	} {
		got := s.send(t, tc.method, tc.path)
		if tc.want == "" {
			if got.status != http.StatusOK {
				t.Errorf("%s: status = %d, want 200: %s", tc.path, got.status, got.body)
			}
			continue
		}
		got.wantProblem(t, tc.want)
		if allow := got.header.Get("Allow"); allow != tc.allow {
			t.Errorf("%s %s: Allow = %q, want %q", tc.method, tc.path, allow, tc.allow)
		}
	}
}

// keyOf returns a name for a test that needs nothing of it but to be one.
func keyOf(t *testing.T, name string) user.Name {
	t.Helper()
	n, err := user.NewName(name)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
