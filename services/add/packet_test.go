package add_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"github.com/glarimy/ums/shared/mysqlproxy"
	"github.com/glarimy/ums/shared/problem"
	"github.com/glarimy/ums/shared/servicetest"
)

// TestTheSecondInsertFails has the event of a POST without a key refused, which MySQL gets in one packet with the user:
// nothing is stored then, and nobody is told that the user exists because the event does.
func TestTheSecondInsertFails(t *testing.T) {
	t.Parallel()
	b := onMySQL(t)
	s := start(t, b, options{})
	for name, tc := range map[string]struct{ refuse, relent string }{
		"a check": {
			"ALTER TABLE ums_outbox ADD CONSTRAINT refusal CHECK (aggregateid <> 'Krishna Rao')",
			"ALTER TABLE ums_outbox DROP CHECK refusal",
		},
		"a duplicate": {
			"ALTER TABLE ums_outbox ADD CONSTRAINT refusal UNIQUE (aggregatetype)",
			"ALTER TABLE ums_outbox DROP INDEX refusal",
		},
		"no table": {"RENAME TABLE ums_outbox TO elsewhere", "RENAME TABLE elsewhere TO ums_outbox"},
	} {
		s.post(t, "KrishnaMohan")
		before := b.counts(t)
		b.execute(t, tc.refuse)
		got := s.send(t, http.MethodPost, "/user", draft("Krishna Rao"))
		again := s.send(t, http.MethodPost, "/user", draft("KrishnaMohan"))
		b.execute(t, tc.relent)
		t.Log(name) // for what fails below
		got.wantProblem(t, problem.Internal)
		again.wantProblem(t, problem.UserExists)
		if after := b.counts(t); after != before {
			t.Errorf("rows %+v, want %+v as before", after, before)
		}
		b.wantReleased(t, "Krishna Rao")
		s.post(t, "Krishna Rao")
		s.send(t, http.MethodPost, "/user", draft("Krishna Rao")).wantProblem(t, problem.UserExists)
		for _, user := range []string{"/user/KrishnaMohan", "/user/Krishna%20Rao"} {
			s.send(t, http.MethodDelete, user, "").wantStatus(t, http.StatusNoContent)
		}
		b.execute(t, "DELETE FROM ums_outbox")
	}
}

// TestBrokenBetweenTheTwoInserts ends a POST without a key when MySQL has carried out the first statement of its packet
// and waits in the second.
func TestBrokenBetweenTheTwoInserts(t *testing.T) {
	t.Parallel()
	b := onMySQL(t)
	proxy := mysqlproxy.New(t, b.sqlURL)
	c := newClock()
	s := start(t, b, options{sqlURL: proxy.URL(), now: c.Now})
	<-c.started
	kill := func(what string) func(id uint64) {
		return func(id uint64) {
			if _, err := b.db.ExecContext(context.WithoutCancel(t.Context()), fmt.Sprintf("KILL %s %d", what, id)); err != nil {
				t.Error(err)
			}
		}
	}
	w := writes()[0]
	for name, tc := range map[string]struct { //nolint:paralleltest // each holds the one table
		end     func(id uint64) // of the connection
		headers []string
	}{
		"cut":      {end: func(uint64) { proxy.Stop(); proxy.Start() }},
		"killed":   {end: kill("CONNECTION")},
		"stopped":  {end: kill("QUERY")},
		"too late": {end: func(uint64) {}, headers: []string{"Ums-Deadline-Ms", "1000"}},
	} {
		t.Run(name, func(t *testing.T) {
			user := "Krishna " + name
			unlock := b.lockOutbox(t)
			answers := make(chan answer, 1)
			go func() {
				got, err := s.try(t.Context(), http.MethodPost, "/user", draft(user), tc.headers...)
				if err != nil {
					t.Error(err)
				}
				answers <- got
			}()
			var id uint64
			servicetest.Eventually(t, "the event waits for its table", func() bool {
				const query = "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND info LIKE 'INSERT INTO ums_outbox%'"
				return b.db.QueryRowContext(t.Context(), query).Scan(&id) == nil
			})
			tc.end(id)
			got := <-answers
			if held := b.cached(t, user); held != "" {
				t.Errorf("the cache holds %q: nothing was to be committed yet", held)
			}
			unlock()
			if left := w.check(t, s, user, got, problem.Unavailable); !left.none() {
				t.Errorf("%+v is stored", left)
			}
		})
	}
	wantFolded(t, b)
}

// lockOutbox has everybody else's statements on the outbox wait, until it is unlocked.
func (b *backends) lockOutbox(t *testing.T) (unlock func()) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	conn, err := b.db.Conn(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.ExecContext(ctx, "LOCK TABLES ums_outbox WRITE"); err != nil {
		t.Fatal(err)
	}
	return func() {
		if _, err := conn.ExecContext(ctx, "UNLOCK TABLES"); err != nil {
			t.Error(err)
		}
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	}
}
