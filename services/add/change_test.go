package add_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/glarimy/ums/shared/problem"
)

func TestChange(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *backends) {
		at := time.Date(2022, 9, 12, 10, 0, 0, 0, time.UTC)
		s := start(t, b, options{now: func() time.Time { return at }})
		s.post(t, "KrishnaMohan")
		got := s.send(t, http.MethodPatch, "/user/KrishnaMohan", change(otherPhone))
		got.wantStatus(t, http.StatusOK)
		want := kept{phone: 9731423177, since: at, version: 2}
		if got := s.users(t)["KrishnaMohan"]; got != want {
			t.Errorf("stored %+v, want %+v", got, want)
		}
		if want := fmt.Sprintf(`"%d-2"`, at.UnixMicro()); got.header.Get("Etag") != want {
			t.Errorf("ETag = %q, want %q", got.header.Get("Etag"), want)
		}
		if got, want := got.header.Get("Content-Type"), "application/json"; got != want {
			t.Errorf("Content-Type = %q, want %q", got, want)
		}
		if want := `{"name":"KrishnaMohan","phone":9731423177,"since":"2022-09-12T10:00:00Z"}`; got.body != want {
			t.Errorf("body = %s, want %s", got.body, want)
		}

		s.send(t, http.MethodPatch, "/user/nobody%20at%20all", change(otherPhone)).wantProblem(t, problem.UserNotFound)
		s.send(t, http.MethodPatch, "/user/krishnamohan", change(phone)).wantProblem(t, problem.UserNotFound)
		if got := len(s.events(t, "")); got != 2 {
			t.Errorf("%d events, want 2", got)
		}
	})
}

// TestChangeToTheSame finds that a change of nothing leaves everything alone.
func TestChangeToTheSame(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *backends) {
		commands := &recorder{}
		s := start(t, b, options{redisHook: commands})
		tag := s.post(t, "KrishnaMohan").header.Get("Etag")
		b.wantReleased(t, "KrishnaMohan")
		const cached = "what a reader has put there"
		if err := b.redis.Set(t.Context(), "ums:user:v1:KrishnaMohan", cached, 0).Err(); err != nil {
			t.Fatal(err)
		}
		before, sent := s.counts(t), commands.count()
		for _, headers := range [][]string{nil, {"If-Match", tag}, {"If-Match", "*"}} {
			got := s.send(t, http.MethodPatch, "/user/KrishnaMohan", change(phone), headers...)
			if got.status != http.StatusOK || got.header.Get("Etag") != tag {
				t.Errorf("status %d with ETag %q, want 200 with %q", got.status, got.header.Get("Etag"), tag)
			}
		}
		if after := s.counts(t); after != before {
			t.Errorf("rows %+v, want %+v as before", after, before)
		}
		if got, err := b.redis.Get(t.Context(), "ums:user:v1:KrishnaMohan").Result(); got != cached {
			t.Errorf("the cache holds %q (%v), want %q as before", got, err, cached)
		}
		if n := commands.count() - sent; n != 0 {
			t.Errorf("%d commands were sent to Redis, want none", n)
		}
	})
}

func TestRemove(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *backends) {
		s := start(t, b, options{})
		s.post(t, "KrishnaMohan")
		got := s.send(t, http.MethodDelete, "/user/KrishnaMohan", "")
		got.wantStatus(t, http.StatusNoContent)
		if got.body != "" || got.header.Get("Content-Type") != "" {
			t.Errorf("204 has a body: %q %q", got.header.Get("Content-Type"), got.body)
		}
		if got := s.counts(t); got != (counts{events: 2}) {
			t.Errorf("rows %+v, want two events alone", got)
		}
		s.send(t, http.MethodDelete, "/user/KrishnaMohan", "").wantProblem(t, problem.UserNotFound)
		if got := s.counts(t); got != (counts{events: 2}) {
			t.Errorf("rows %+v, want two events alone", got)
		}
	})
}

func TestPreconditions(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *backends) {
		s := start(t, b, options{})
		const ok = problem.Type("")
		for i, tc := range []struct {
			match []string // CURRENT stands for the user's entity tag
			here  problem.Type
			gone  problem.Type // where there is no such user
		}{
			{[]string{`CURRENT`}, ok, problem.UserNotFound},
			{[]string{`*`}, ok, problem.UserNotFound},
			{[]string{`"1-1", CURRENT`}, ok, problem.UserNotFound},
			{[]string{`"1-1"`, `CURRENT`}, ok, problem.UserNotFound},
			{[]string{`"1-1"`}, problem.PreconditionFailed, problem.UserNotFound},
			{[]string{`""`}, problem.PreconditionFailed, problem.UserNotFound},
			{[]string{`W/CURRENT`}, problem.PreconditionFailed, problem.UserNotFound},
			{[]string{`"1-1", W/CURRENT`}, problem.PreconditionFailed, problem.UserNotFound},
			{[]string{`1-1`}, problem.InvalidPrecondition, problem.InvalidPrecondition},
			{[]string{`"1-1`}, problem.InvalidPrecondition, problem.InvalidPrecondition},
			{[]string{`*, CURRENT`}, problem.InvalidPrecondition, problem.InvalidPrecondition},
			{[]string{``}, problem.InvalidPrecondition, problem.InvalidPrecondition},
			{[]string{`CURRENT`, `x`}, problem.InvalidPrecondition, problem.InvalidPrecondition},
		} {
			for _, verb := range []struct {
				method, body string
				status       int
			}{{http.MethodPatch, change(otherPhone), http.StatusOK}, {http.MethodDelete, "", http.StatusNoContent}} {
				t.Run(fmt.Sprintf("%s %q", verb.method, tc.match), func(t *testing.T) {
					t.Parallel()
					name := fmt.Sprintf("%s-%08d", verb.method, i)
					tag := s.post(t, name).header.Get("Etag")
					before := s.events(t, name)
					got := s.send(t, verb.method, "/user/"+name, verb.body, matching(tc.match, tag)...)
					if tc.here == ok {
						got.wantStatus(t, verb.status)
					} else {
						got.wantProblem(t, tc.here)
						if after := s.events(t, name); len(after) != len(before) || s.users(t)[name].version != 1 {
							t.Errorf("a refusal has changed something: %+v", after)
						}
					}
					s.send(t, verb.method, "/user/nobody-"+name, verb.body, matching(tc.match, tag)...).wantProblem(t, tc.gone)
				})
			}
		}
	})
}

// TestPreconditionOfAFormerUser finds that what was known of a user says nothing of the next one of that name.
func TestPreconditionOfAFormerUser(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *backends) {
		s := start(t, b, options{})
		first := s.post(t, "KrishnaMohan").header.Get("Etag")
		s.send(t, http.MethodDelete, "/user/KrishnaMohan", "", "If-Match", first).wantStatus(t, http.StatusNoContent)
		second := s.post(t, "KrishnaMohan").header.Get("Etag")
		if first == second {
			t.Errorf("both users have the entity tag %s", first)
		}
		const path = "/user/KrishnaMohan"
		s.send(t, http.MethodPatch, path, change(otherPhone), "If-Match", first).wantProblem(t, problem.PreconditionFailed)
		// Nor where it would change nothing.
		s.send(t, http.MethodPatch, path, change(phone), "If-Match", first).wantProblem(t, problem.PreconditionFailed)
		s.send(t, http.MethodDelete, path, "", "If-Match", first).wantProblem(t, problem.PreconditionFailed)
		s.send(t, http.MethodPatch, path, change(otherPhone), "If-Match", second).wantStatus(t, http.StatusOK)
		s.send(t, http.MethodDelete, path, "", "If-Match", second).wantProblem(t, problem.PreconditionFailed)
	})
}
