package add_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/glarimy/ums/shared/problem"
	"github.com/glarimy/ums/shared/user/usertest"
)

func TestCreate(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *backends) {
		at := time.Date(2022, 9, 12, 10, 0, 0, 123456789, time.FixedZone("IST", 19800))
		s := start(t, b, options{now: func() time.Time { return at }})
		got := s.send(t, http.MethodPost, "/user", draft("KrishnaMohan"))
		got.wantStatus(t, http.StatusCreated)
		for name, want := range map[string]string{
			"Location":       "/user/KrishnaMohan",
			"Etag":           fmt.Sprintf(`"%d-1"`, at.UnixMicro()),
			"Content-Type":   "application/json",
			"Content-Length": fmt.Sprint(len(got.body)),
		} {
			if got := got.header.Get(name); got != want {
				t.Errorf("%s = %q, want %q", name, got, want)
			}
		}
		if want := `{"name":"KrishnaMohan","phone":9731423166,"since":"2022-09-12T04:30:00.123456Z"}`; got.body != want {
			t.Errorf("body = %s, want %s", got.body, want)
		}
		want := kept{phone: 9731423166, since: at.UTC().Truncate(time.Microsecond), version: 1}
		if got := s.users(t)["KrishnaMohan"]; got != want {
			t.Errorf("stored %+v, want %+v", got, want)
		}

		again := s.send(t, http.MethodPost, "/user", `{"name":"KrishnaMohan","phone":9731423177}`)
		again.wantProblem(t, problem.UserExists)
		if again.header.Get("Location") != "" || again.header.Get("Etag") != "" {
			t.Errorf("a refusal has the headers of a success: %v", again.header)
		}
		if got := s.users(t)["KrishnaMohan"]; got != want {
			t.Errorf("after a refusal %+v is stored, want %+v", got, want)
		}
		if got := len(s.events(t, "")); got != 1 {
			t.Errorf("%d events, want 1", got)
		}
	})
}

// TestNames takes every unusual name through all that can be done to a user.
func TestNames(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *backends) {
		s := start(t, b, options{})
		for _, n := range usertest.GoodNames() {
			got := s.send(t, http.MethodPost, "/user", string(n.Draft()))
			if got.status != http.StatusCreated {
				t.Errorf("%s: POST: status = %d: %s", n.Name, got.status, got.body)
				continue
			}
			if got, want := got.header.Get("Location"), "/user/"+n.WantSegment(); got != want {
				t.Errorf("%s: Location = %q, want %q", n.Name, got, want)
			}
			if events := s.events(t, n.Want); len(events) != 1 {
				t.Errorf("%s: %d events, want 1", n.Name, len(events))
			}
			// The name as it was sent leads to the user as well as the name as it is kept.
			got = s.send(t, http.MethodPatch, "/user/"+n.Segment(), change(otherPhone))
			if got.status != http.StatusOK || !strings.Contains(got.body, otherPhone) {
				t.Errorf("%s: PATCH: status = %d: %s", n.Name, got.status, got.body)
			}
			got = s.send(t, http.MethodDelete, "/user/"+n.WantSegment(), "")
			if got.status != http.StatusNoContent || got.body != "" {
				t.Errorf("%s: DELETE: status = %d: %s", n.Name, got.status, got.body)
			}
		}
		if got := len(s.users(t)); got != 0 {
			t.Errorf("%d users are left", got)
		}
	})
}

func TestGoodBodies(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *backends) {
		s := start(t, b, options{})
		for _, body := range usertest.GoodDrafts() {
			got := s.send(t, http.MethodPost, "/user", string(body.Body), "Content-Type", body.ContentType)
			if u, ok := s.users(t)[body.WantName]; got.status != http.StatusCreated || !ok || u.phone != body.WantPhone {
				t.Errorf("POST %s: status = %d, stored %d: %s", body.Name, got.status, u.phone, got.body)
			}
			s.send(t, http.MethodDelete, got.header.Get("Location"), "").wantStatus(t, http.StatusNoContent)
		}
		s.post(t, usertest.Name)
		for _, body := range usertest.GoodChanges() {
			got := s.send(t, http.MethodPatch, "/user/"+usertest.Name, string(body.Body), "Content-Type", body.ContentType)
			if u := s.users(t)[usertest.Name]; got.status != http.StatusOK || u.phone != body.WantPhone {
				t.Errorf("PATCH %s: status = %d, stored %d: %s", body.Name, got.status, u.phone, got.body)
			}
		}
	})
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	s := start(t, onSQLite(t), options{})
	for _, tc := range []struct {
		method, path string
		want         problem.Type
		allow        string
	}{
		{http.MethodGet, "/user", problem.MethodNotAllowed, "POST"},
		{http.MethodPut, "/user", problem.MethodNotAllowed, "POST"},
		{http.MethodGet, "/user/KrishnaMohan", problem.MethodNotAllowed, "PATCH, DELETE"},
		{http.MethodPost, "/user/KrishnaMohan", problem.MethodNotAllowed, "PATCH, DELETE"},
		{http.MethodPost, "/user/", problem.RouteNotFound, ""},
		{http.MethodPost, "//user", problem.RouteNotFound, ""},
		{http.MethodPost, "/user/../user", problem.RouteNotFound, ""},
		{http.MethodPatch, "/user/KrishnaMohan/", problem.RouteNotFound, ""},
		{http.MethodDelete, "/user/Krishna/Mohan", problem.RouteNotFound, ""},
		{http.MethodDelete, "/", problem.RouteNotFound, ""},
	} {
		got := s.send(t, tc.method, tc.path, "")
		got.wantProblem(t, tc.want)
		if allow := got.header.Get("Allow"); allow != tc.allow {
			t.Errorf("%s %s: Allow = %q, want %q", tc.method, tc.path, allow, tc.allow)
		}
	}
}
