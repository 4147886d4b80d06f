package add_test

import (
	"database/sql"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/glarimy/ums/shared/problem"
)

// write is one kind of write, which the tests beside this break off at every step: everything of it must then be there,
// or nothing, and the client's next attempt must come to the right end.
type write struct {
	name   string
	event  string
	needed bool // the user has to be there before
	keyed  bool // with an Idempotency-Key
	send   func(t *testing.T, s *service, user string, headers ...string) answer
	good   int // the status of success
	again  int // that of a second attempt after a first that did all

	commits int // on either database
	steps   int // on SQLite: before and after each row that is written, and each commit
}

func writes() []write {
	return []write{
		{
			name: "POST", event: added, good: http.StatusCreated, again: http.StatusConflict, commits: 1, steps: 5,
			send: func(t *testing.T, s *service, user string, headers ...string) answer {
				return s.send(t, http.MethodPost, "/user", draft(user), headers...)
			},
		},
		{
			name: "POST-keyed", event: added, good: http.StatusCreated, again: http.StatusCreated,
			commits: 1, steps: 7, keyed: true,
			send: func(t *testing.T, s *service, user string, headers ...string) answer {
				return s.send(t, http.MethodPost, "/user", draft(user), append(headers, "Idempotency-Key", user)...)
			},
		},
		{
			name: "PATCH", event: changed, needed: true, good: http.StatusOK, again: http.StatusOK, commits: 1, steps: 5,
			send: func(t *testing.T, s *service, user string, headers ...string) answer {
				return s.send(t, http.MethodPatch, "/user/"+user, change(otherPhone), headers...)
			},
		},
		{
			name: "DELETE", event: removed, needed: true, good: http.StatusNoContent, again: http.StatusNotFound,
			commits: 1, steps: 5,
			send: func(t *testing.T, s *service, user string, headers ...string) answer {
				return s.send(t, http.MethodDelete, "/user/"+user, "", headers...)
			},
		},
	}
}

// parts are those of a write that must be stored together.
type parts struct{ row, event, answer bool }

func (p parts) all() bool  { return p == parts{true, true, true} }
func (p parts) none() bool { return p == parts{} }

// stored returns which parts of the write are there, all as of one moment.
func (w write) stored(t *testing.T, b *backends, user string) parts {
	t.Helper()
	const query = "SELECT (SELECT COALESCE(MAX(version), 0) FROM ums_users WHERE name = ?), " +
		"(SELECT COUNT(*) FROM ums_outbox WHERE aggregateid = ? AND type = ?), " +
		"(SELECT COUNT(status) FROM ums_idempotency WHERE idempotency_key = ?)"
	var version, events, answers int
	if err := b.db.QueryRowContext(t.Context(), query, user, user, w.event, user).Scan(&version, &events, &answers); err != nil {
		t.Fatal(err)
	}
	if events > 1 {
		t.Errorf("%d events of one write", events)
	}
	p := parts{event: events > 0, answer: events > 0}
	switch w.event {
	case added:
		p.row, p.answer = version == 1, answers > 0 || !w.keyed && events > 0
	case changed:
		p.row = version == 2
	case removed:
		p.row = version == 0
	}
	return p
}

// check looks at what has become of a write that was broken off, and then tries once more as a client would.
// Anything but success must be the problem want.
func (w write) check(t *testing.T, s *service, user string, got answer, want problem.Type) parts {
	t.Helper()
	// Where the service did not wait for the answer to its COMMIT, this waits for it in its place.
	if err := s.db.InTx(t.Context(), func(*sql.Tx) error { return nil }); err != nil {
		t.Fatal(err)
	}
	left := w.stored(t, s.backends, user)
	switch {
	case !left.all() && !left.none():
		t.Errorf("half of it is stored: %+v", left)
	case got.status == w.good && !left.all():
		t.Errorf("status %d, and nothing is stored", got.status)
	case got.status != w.good:
		got.wantProblem(t, want)
	}
	if held := s.cached(t, user); held != "" && !strings.HasPrefix(held, "fence:") {
		t.Errorf("the cache holds %q", held)
	}
	again := w.send(t, s, user)
	status := w.good
	if left.all() {
		status = w.again
	}
	if again.status != status {
		t.Errorf("the second attempt: status = %d, want %d: %s", again.status, status, again.body)
	}
	if after := w.stored(t, s.backends, user); !after.all() {
		t.Errorf("after the second attempt %+v is stored, want all", after)
	}
	return left
}

// cached returns what the cache holds of a user, or "".
func (b *backends) cached(t *testing.T, user string) string {
	t.Helper()
	held, err := b.redis.Get(t.Context(), "ums:user:v1:"+user).Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		t.Fatal(err)
	}
	return held
}
