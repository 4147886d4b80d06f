package find_test

import (
	"database/sql"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"github.com/glarimy/ums/migrations/migrationstest"
	"github.com/glarimy/ums/shared/enginetest"
	"github.com/glarimy/ums/shared/mysqlproxy"
	"github.com/glarimy/ums/shared/problem"
	"github.com/glarimy/ums/shared/servicetest"
	"github.com/glarimy/ums/shared/usercache"
)

// TestDatabaseAway finds that what is cached is answered without the database, and the rest refused for the time being.
func TestDatabaseAway(t *testing.T) {
	t.Parallel()
	b := newBackends(t, enginetest.MySQL(t).URL, enginetest.Redis(t).URL)
	proxy := mysqlproxy.New(t, b.sqlURL)
	s := start(t, b, options{sqlURL: proxy.URL()})
	cached, other := b.insert(t, "KrishnaMohan", since()), b.insert(t, "Krishna Rao", since())
	tag := s.get(t, "/user/KrishnaMohan").header.Get("Etag")
	b.cached(t, cached.Name, "user:")
	proxy.Stop()
	for range 2 {
		s.get(t, "/user/KrishnaMohan").wantStatus(t, http.StatusOK)
		s.get(t, "/user/KrishnaMohan", "If-None-Match", tag).wantStatus(t, http.StatusNotModified)
		s.get(t, "/user/Krishna%20Rao").wantProblem(t, problem.Unavailable)
		s.get(t, "/user/nobody%20at%20all").wantProblem(t, problem.Unavailable)
	}
	s.get(t, "/user/x").wantProblem(t, problem.InvalidName)
	s.get(t, "/readyz").wantStatus(t, http.StatusOK)
	s.get(t, "/livez").wantStatus(t, http.StatusOK)
	servicetest.Eventually(t, "loads that failed leave nothing in the cache", func() bool {
		return b.redis.Get(t.Context(), usercache.Key(other.Name)).Val() == ""
	})
	proxy.Start()
	s.get(t, "/user/Krishna%20Rao").wantStatus(t, http.StatusOK)
}

// TestDatabaseIsSilent finds that nobody waits for the database longer than they may.
func TestDatabaseIsSilent(t *testing.T) {
	t.Parallel()
	b := newBackends(t, enginetest.MySQL(t).URL, "redis://"+miniredis.RunT(t).Addr())
	proxy := mysqlproxy.New(t, b.sqlURL)
	short := start(t, b, options{sqlURL: proxy.URL(), cache: usercache.Config{LoadTimeout: time.Second}})
	long := start(t, b, options{sqlURL: proxy.URL(), cache: usercache.Config{LoadTimeout: time.Minute}})
	b.insert(t, "KrishnaMohan", since())
	proxy.Intercept(func(string) mysqlproxy.Action { return mysqlproxy.Swallow })
	begin := time.Now()
	short.get(t, "/user/KrishnaMohan").wantProblem(t, problem.Unavailable)
	for name, headers := range map[string][]string{
		"Krishna-1": {"Ums-Deadline-Ms", "50"}, "Krishna-2": {"Ums-Deadline-Ms", "1"}, "Krishna-3": {"Ums-Deadline-Ms", "0"},
	} {
		long.get(t, "/user/"+name, headers...).wantProblem(t, problem.Unavailable)
	}
	if took := time.Since(begin); took > 10*time.Second {
		t.Errorf("requests of little more than a second together took %s", took)
	}
	proxy.Stop() // which ends the loads that nobody waits for any more
	proxy.Intercept(nil)
	proxy.Start()
	servicetest.Eventually(t, "the user is found again", func() bool {
		return short.get(t, "/user/KrishnaMohan").status == http.StatusOK
	})
	// What is not a number of milliseconds is no deadline.
	for _, left := range []string{"", "soon", "-1", "1.5", "99999999999999999999"} {
		short.get(t, "/user/KrishnaMohan", "Ums-Deadline-Ms", left).wantStatus(t, http.StatusOK)
	}
}

// TestTooMany finds that no more reads of the database run than may, and that the rest are refused soon.
func TestTooMany(t *testing.T) {
	t.Parallel()
	b := newBackends(t, enginetest.MySQL(t).URL, "redis://"+miniredis.RunT(t).Addr())
	proxy := mysqlproxy.New(t, b.sqlURL)
	s := start(t, b, options{
		sqlURL: proxy.URL(),
		cache:  usercache.Config{MaxLoads: 2, LoadWait: 10 * time.Millisecond, LoadTimeout: time.Minute},
	})
	for i := range 3 {
		b.insert(t, fmt.Sprintf("Krishna-%d", i), since())
	}
	var running atomic.Int64
	goOn := make(chan struct{})
	proxy.Intercept(func(statement string) mysqlproxy.Action {
		if strings.HasPrefix(statement, "SELECT phone") {
			running.Add(1)
			<-goOn
		}
		return mysqlproxy.Pass
	})
	answers := make(chan answer, 2)
	for i := range 2 {
		go func() {
			got, err := s.try(t.Context(), http.MethodGet, fmt.Sprintf("%s/user/Krishna-%d", s.url, i))
			if err != nil {
				t.Error(err)
			}
			answers <- got
		}()
	}
	servicetest.Eventually(t, "two reads are running", func() bool { return running.Load() == 2 })
	s.get(t, "/user/Krishna-2").wantProblem(t, problem.Unavailable)
	s.get(t, "/user/Krishna-2").wantProblem(t, problem.Unavailable)
	s.wantMetrics(t, "ums_cache_overloaded_total 2")
	close(goOn)
	for range 2 {
		(<-answers).wantStatus(t, http.StatusOK)
	}
	s.get(t, "/user/Krishna-2").wantStatus(t, http.StatusOK)
}

// TestRedisAway finds that users are found without Redis, and that Redis is used again when it is back.
func TestRedisAway(t *testing.T) {
	t.Parallel()
	t.Run("Redis", func(t *testing.T) {
		t.Parallel()
		server := enginetest.Redis(t)
		b := newBackends(t, enginetest.SQLite(t).URL, server.URL)
		t.Run("stopped", func(t *testing.T) { //nolint:paralleltest // the two have one server
			testRedisAway(t, b, "stopped", func() { server.Stop(t) }, func() { server.Start(t) })
		})
		t.Run("silent", func(t *testing.T) { //nolint:paralleltest // the two have one server
			testRedisAway(t, b, "silent", func() { server.Pause(t) }, func() { server.Resume(t) })
		})
	})
	t.Run("in the process", func(t *testing.T) {
		t.Parallel()
		server := miniredis.RunT(t)
		b := newBackends(t, enginetest.SQLite(t).URL, "redis://"+server.Addr())
		testRedisAway(t, b, "inside", server.Close, func() {
			if err := server.Restart(); err != nil {
				t.Fatal(err)
			}
		})
	})
}

func testRedisAway(t *testing.T, b *backends, how string, leave, comeBack func()) {
	t.Helper()
	s := start(t, b, options{
		cache: usercache.Config{RetryRedis: 500 * time.Millisecond}, redisTimeout: 200 * time.Millisecond,
	})
	u := b.insert(t, "Krishna-"+how, since())
	path := "/user/" + u.Name.String()
	isCached := func() bool {
		s.get(t, path).wantStatus(t, http.StatusOK)
		return strings.HasPrefix(b.redis.Get(t.Context(), usercache.Key(u.Name)).Val(), "user:")
	}
	servicetest.Eventually(t, "the user is cached", isCached)
	leave()
	for range 20 {
		s.get(t, path).wantStatus(t, http.StatusOK)
		s.get(t, "/user/nobody%20at%20all").wantProblem(t, problem.UserNotFound)
	}
	s.get(t, "/readyz").wantStatus(t, http.StatusOK)
	tells := func(line string) bool { return slices.Contains(s.metrics(t), line) }
	if tells("ums_cache_skipped_total 0") || tells("ums_cache_breaker_state 0") {
		t.Error("the metrics do not tell that Redis is skipped")
	}
	comeBack()
	b.forget(t, u.Name)
	servicetest.Eventually(t, "the user is cached again", isCached)
	servicetest.Eventually(t, "the breaker is closed", func() bool { return isCached() && tells("ums_cache_breaker_state 0") })
}

// TestReadiness finds that a service is ready once it has seen its schema, and stays so.
func TestReadiness(t *testing.T) {
	t.Parallel()
	b := &backends{sqlURL: enginetest.MySQL(t).URL, redisURL: "redis://" + miniredis.RunT(t).Addr()}
	b.db = servicetest.OpenDB(t, b.sqlURL)
	proxy := mysqlproxy.New(t, b.sqlURL)
	s := start(t, b, options{sqlURL: proxy.URL(), early: true})
	s.get(t, "/readyz").wantProblem(t, problem.Unavailable)
	s.get(t, "/livez").wantStatus(t, http.StatusOK)
	s.get(t, "/user/KrishnaMohan").wantProblem(t, problem.Unavailable)
	migrationstest.Up(t, b.sqlURL)
	servicetest.Eventually(t, "the service is ready", func() bool { return s.get(t, "/readyz").status == http.StatusOK })
	s.get(t, "/user/KrishnaMohan").wantProblem(t, problem.UserNotFound)
	proxy.Stop()
	s.get(t, "/user/Krishna%20Rao").wantProblem(t, problem.Unavailable)
	s.get(t, "/readyz").wantStatus(t, http.StatusOK)
}

// TestForbiddenSchema finds that a service keeps its hands off a schema that is too new for it.
func TestForbiddenSchema(t *testing.T) {
	t.Parallel()
	b := onSQLite(t)
	b.insert(t, "KrishnaMohan", since())
	err := b.db.InTx(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(t.Context(), "UPDATE ums_schema_floor SET min_version = 1000000")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	s := start(t, b, options{early: true})
	s.get(t, "/user/KrishnaMohan").wantProblem(t, problem.Unavailable)
	s.get(t, "/readyz").wantProblem(t, problem.Unavailable)
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	b := onSQLite(t)
	s := start(t, b, options{})
	u := b.insert(t, "KrishnaMohan", since())
	s.get(t, "/user/KrishnaMohan").wantStatus(t, http.StatusOK)
	b.cached(t, u.Name, "user:")
	s.get(t, "/user/KrishnaMohan").wantStatus(t, http.StatusOK)
	s.get(t, "/user/nobody%20at%20all").wantProblem(t, problem.UserNotFound)
	b.cached(t, keyOf(t, "nobody at all"), "none:")
	s.send(t, http.MethodHead, "/user/nobody%20at%20all").wantStatus(t, http.StatusNotFound)
	s.wantMetrics(t,
		"ums_cache_hits_total 1", "ums_cache_misses_total 2", "ums_cache_negative_hits_total 1",
		"ums_cache_leases_met_total 0", "ums_cache_fences_met_total 0", "ums_cache_joined_loads_total 0",
		"ums_cache_breaker_state 0", "ums_cache_skipped_total 0", "ums_cache_malformed_entries_total 0",
		"ums_cache_fills_refused_total 0", "ums_cache_overloaded_total 0", "ums_cache_load_seconds_count 2",
		`ums_http_request_duration_seconds_count{code="404",method="GET",service="find"} 1`,
		`ums_http_request_duration_seconds_count{code="404",method="HEAD",service="find"} 1`,
		`ums_http_requests_in_flight{service="find"} 0`,
	)
}
