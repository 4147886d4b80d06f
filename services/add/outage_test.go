package add_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"github.com/glarimy/ums/shared/enginetest"
	"github.com/glarimy/ums/shared/mysqlproxy"
	"github.com/glarimy/ums/shared/problem"
	"github.com/glarimy/ums/shared/servicetest"
	"github.com/glarimy/ums/shared/usercache"
)

// TestRedisAway finds that writes go on without Redis, and that each of them is counted.
func TestRedisAway(t *testing.T) {
	t.Parallel()
	t.Run("Redis", func(t *testing.T) {
		t.Parallel()
		server := enginetest.Redis(t)
		b := newBackends(t, enginetest.SQLite(t).URL, server.URL)
		t.Run("stopped", func(t *testing.T) { //nolint:paralleltest // the two have one server
			testRedisAway(t, b, func() { server.Stop(t) }, func() { server.Start(t) })
		})
		t.Run("silent", func(t *testing.T) { //nolint:paralleltest // the two have one server
			testRedisAway(t, b, func() { server.Pause(t) }, func() { server.Resume(t) })
		})
	})
	t.Run("in the process", func(t *testing.T) {
		t.Parallel()
		server := miniredis.RunT(t)
		b := newBackends(t, enginetest.SQLite(t).URL, "redis://"+server.Addr())
		testRedisAway(t, b, server.Close, func() {
			if err := server.Restart(); err != nil {
				t.Fatal(err)
			}
		})
	})
}

func testRedisAway(t *testing.T, b *backends, leave, comeBack func()) {
	t.Helper()
	s := start(t, b, options{redisTimeout: usercache.WriteTimeout})
	leave()
	s.post(t, "KrishnaMohan")
	s.send(t, http.MethodPatch, "/user/KrishnaMohan", change(otherPhone)).wantStatus(t, http.StatusOK)
	s.send(t, http.MethodDelete, "/user/KrishnaMohan", "").wantStatus(t, http.StatusNoContent)
	s.wantMetric(t, "ums_cache_unfenced_writes_total 3")
	comeBack()
	servicetest.Eventually(t, "a write is fenced again", func() bool {
		before := s.metric(t, "ums_cache_unfenced_writes_total")
		s.post(t, "KrishnaMohan")
		s.send(t, http.MethodDelete, "/user/KrishnaMohan", "").wantStatus(t, http.StatusNoContent)
		return s.metric(t, "ums_cache_unfenced_writes_total") == before
	})
	s.send(t, http.MethodGet, "/readyz", "").wantStatus(t, http.StatusOK)
}

// TestDatabaseAway finds that a service without its database says so, without telling where it is, and stays ready.
func TestDatabaseAway(t *testing.T) {
	t.Parallel()
	b := onMySQL(t)
	proxy := mysqlproxy.New(t, b.sqlURL)
	s := start(t, b, options{sqlURL: proxy.URL()})
	s.post(t, "KrishnaMohan")
	proxy.Stop()
	for range 2 { // with connections that have just been lost, and without any
		s.send(t, http.MethodPost, "/user", draft("Krishna Rao")).wantProblem(t, problem.Unavailable)
		s.postWithKey(t, "k-1", draft("Krishna Rao")).wantProblem(t, problem.Unavailable)
		s.send(t, http.MethodPatch, "/user/KrishnaMohan", change(otherPhone)).wantProblem(t, problem.Unavailable)
		s.send(t, http.MethodDelete, "/user/KrishnaMohan", "").wantProblem(t, problem.Unavailable)
	}
	s.send(t, http.MethodPost, "/user", draft("Krishna")).wantProblem(t, problem.Validation)
	s.send(t, http.MethodGet, "/readyz", "").wantStatus(t, http.StatusOK)
	s.send(t, http.MethodGet, "/livez", "").wantStatus(t, http.StatusOK)
	proxy.Start()
	s.postWithKey(t, "k-1", draft("Krishna Rao")).wantStatus(t, http.StatusCreated)
	if got := s.counts(t); got != (counts{users: 2, events: 2, keys: 1}) {
		t.Errorf("rows %+v, want those of the two users", got)
	}
}

// TestRowIsLocked finds that a write does not wait for a lock beyond its time: that of the service, and that which the
// gateway says is left.
func TestRowIsLocked(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *backends) {
		short := start(t, b, options{sqlURL: b.sqlURL, fenceTime: 500 * time.Millisecond})
		long := start(t, b, options{sqlURL: b.sqlURL})
		long.post(t, "KrishnaMohan")
		b.whileLocked(t, "KrishnaMohan", func() {
			begin := time.Now()
			for _, s := range []*service{short, long} {
				for method, body := range map[string]string{http.MethodPatch: change(otherPhone), http.MethodDelete: ""} {
					var headers []string
					if s == long {
						headers = []string{"Ums-Deadline-Ms", "100"}
					}
					s.send(t, method, "/user/KrishnaMohan", body, headers...).wantProblem(t, problem.Unavailable)
				}
			}
			if took := time.Since(begin); took > 8*time.Second {
				t.Errorf("four requests of 100 to 150 ms took %s", took)
			}
		})
		long.send(t, http.MethodPatch, "/user/KrishnaMohan", change(otherPhone)).wantStatus(t, http.StatusOK)
		if got := b.counts(t); got != (counts{users: 1, events: 2}) {
			t.Errorf("rows %+v, want a user and two events", got)
		}
	})
}

// whileLocked holds a lock on a user's row, which in SQLite is one on everything, while do runs.
func (b *backends) whileLocked(t *testing.T, user string, do func()) {
	t.Helper()
	err := b.db.InTx(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(t.Context(), "UPDATE ums_users SET version = version WHERE name = ?", user)
		if err == nil {
			do()
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// TestDeadlocks finds that a transaction that lost to others is tried again, and not for ever.
func TestDeadlocks(t *testing.T) {
	t.Parallel()
	b := onMySQL(t)
	proxy := mysqlproxy.New(t, b.sqlURL)
	s := start(t, b, options{sqlURL: proxy.URL()})
	for _, tc := range []struct{ deadlocks, attempts, status int }{
		{1, 2, http.StatusCreated}, {3, 4, http.StatusCreated}, {4, 4, http.StatusServiceUnavailable},
	} {
		var attempts atomic.Int64
		proxy.Intercept(func(statement string) mysqlproxy.Action {
			if strings.Contains(statement, "INSERT INTO ums_outbox") && attempts.Add(1) <= int64(tc.deadlocks) {
				return mysqlproxy.Refuse
			}
			return mysqlproxy.Pass
		})
		user := fmt.Sprintf("deadlocks-%d", tc.deadlocks)
		got := s.postWithKey(t, user, draft(user))
		if got.status != tc.status || int(attempts.Load()) != tc.attempts {
			t.Errorf("%d deadlocks: status %d after %d attempts, want %d after %d",
				tc.deadlocks, got.status, attempts.Load(), tc.status, tc.attempts)
		}
		if tc.status == http.StatusServiceUnavailable {
			got.wantProblem(t, problem.Unavailable)
		}
	}
	if got := s.counts(t); got != (counts{users: 2, events: 2, keys: 2}) {
		t.Errorf("rows %+v, want two of each", got)
	}
}

// TestCommitIsNotAnswered finds that the end of a transaction's time is the end of the wait for its COMMIT too, and that
// the fence then stands, as nobody knows the outcome.
func TestCommitIsNotAnswered(t *testing.T) {
	t.Parallel()
	b := onMySQL(t)
	proxy := mysqlproxy.New(t, b.sqlURL)
	s := start(t, b, options{sqlURL: proxy.URL()})
	s.post(t, "KrishnaMohan")
	proxy.Intercept(func(statement string) mysqlproxy.Action {
		if statement == "COMMIT" {
			return mysqlproxy.Swallow
		}
		return mysqlproxy.Pass
	})
	begin := time.Now()
	s.send(t, http.MethodPatch, "/user/KrishnaMohan", change(otherPhone), "Ums-Deadline-Ms", "1000").
		wantProblem(t, problem.Unavailable)
	if took := time.Since(begin); took > 15*time.Second {
		t.Errorf("a request that had a second took %s", took)
	}
	if held := b.cached(t, "KrishnaMohan"); !strings.HasPrefix(held, "fence:") {
		t.Errorf("the cache holds %q, want the fence", held)
	}
	s.wantMetric(t, "ums_cache_fences_unreleased_total 1")
	proxy.Stop() // which ends the wait of the connection itself
	proxy.Intercept(nil)
	proxy.Start()
	s.send(t, http.MethodPatch, "/user/KrishnaMohan", change(otherPhone)).wantStatus(t, http.StatusOK)
	wantFolded(t, b)
}

// TestKilled has an operator kill the connection or the statement of a write.
func TestKilled(t *testing.T) {
	t.Parallel()
	b := onMySQL(t)
	s := start(t, b, options{})
	s.post(t, "KrishnaMohan")
	for _, what := range []string{"CONNECTION", "QUERY"} {
		b.whileLocked(t, "KrishnaMohan", func() {
			answers := make(chan answer, 1)
			go func() {
				got, err := s.try(t.Context(), http.MethodPatch, "/user/KrishnaMohan", change(otherPhone))
				if err != nil {
					t.Error(err)
				}
				answers <- got
			}()
			var id uint64
			servicetest.Eventually(t, "the statement waits for the lock", func() bool {
				const query = "SELECT id FROM information_schema.processlist WHERE db = DATABASE() " +
					"AND info LIKE 'SELECT phone% FOR UPDATE'"
				return b.db.QueryRowContext(t.Context(), query).Scan(&id) == nil
			})
			if _, err := b.db.ExecContext(context.WithoutCancel(t.Context()), fmt.Sprintf("KILL %s %d", what, id)); err != nil {
				t.Fatal(err)
			}
			(<-answers).wantProblem(t, problem.Unavailable)
		})
	}
	s.send(t, http.MethodPatch, "/user/KrishnaMohan", change(otherPhone)).wantStatus(t, http.StatusOK)
	wantFolded(t, b)
}

// TestNoSchemaYet finds that a service says that it cannot work yet, to those who ask and to those who do not.
func TestNoSchemaYet(t *testing.T) {
	t.Parallel()
	for name, url := range map[string]func(testing.TB) *enginetest.SQL{"MySQL": enginetest.MySQL, "SQLite": enginetest.SQLite} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := &backends{sqlURL: url(t).URL, redisURL: "redis://" + miniredis.RunT(t).Addr()}
			s := start(t, b, options{sqlURL: b.sqlURL, early: true})
			s.send(t, http.MethodGet, "/readyz", "").wantProblem(t, problem.Unavailable)
			s.send(t, http.MethodPost, "/user", draft("KrishnaMohan")).wantProblem(t, problem.Unavailable)
			s.postWithKey(t, "k-1", draft("KrishnaMohan")).wantProblem(t, problem.Unavailable)
			s.send(t, http.MethodDelete, "/user/KrishnaMohan", "").wantProblem(t, problem.Unavailable)
			migrated(t, b.sqlURL)
			servicetest.Eventually(t, "the service is ready", func() bool {
				return s.send(t, http.MethodGet, "/readyz", "").status == http.StatusOK
			})
			s.postWithKey(t, "k-1", draft("KrishnaMohan")).wantStatus(t, http.StatusCreated)
		})
	}
}
