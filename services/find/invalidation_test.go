package find_test

import (
	"database/sql"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"github.com/glarimy/ums/shared/enginetest"
	"github.com/glarimy/ums/shared/servicetest"
	"github.com/glarimy/ums/shared/usercache"
)

// changeByHand gives a user another number by plain SQL, as a program does that knows nothing of the cache.
func (b *backends) changeByHand(t *testing.T, name string, number uint64) {
	t.Helper()
	err := b.db.InTx(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(t.Context(), "UPDATE ums_users SET phone = ?, version = version + 1 WHERE name = ?", number, name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// tell puts the event of a change on the bus, in the form that any language writes.
func tell(t *testing.T, bus redis.UniversalClient, kind, name string) {
	t.Helper()
	err := bus.Do(t.Context(), "XADD", "ums:user:events", "*",
		"ce_specversion", "1.0", "ce_id", uuid.NewString(), "ce_source", "/ums/add", "ce_type", "com.glarimy.ums.user."+kind,
		"ce_subject", name, "ce_time", "2022-09-12T10:00:00Z", "ce_sequence", "00000000000000000042", "data", "{}").Err()
	if err != nil {
		t.Fatal(err)
	}
}

// onEachBus runs a test on backends of each kind and an event bus of the same kind.
func onEachBus(t *testing.T, test func(t *testing.T, b *backends, eventsURL string)) {
	t.Helper()
	t.Run("MySQL and Redis", func(t *testing.T) {
		t.Parallel()
		test(t, newBackends(t, enginetest.MySQL(t).URL, enginetest.Redis(t).URL), enginetest.Redis(t).URL)
	})
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		test(t, onSQLite(t), "redis://"+miniredis.RunT(t).Addr())
	})
}

// TestAnothersChangeIsVisible within a second of its event, though what was there before is cached.
func TestAnothersChangeIsVisible(t *testing.T) {
	t.Parallel()
	onEachBus(t, func(t *testing.T, b *backends, eventsURL string) {
		s := start(t, b, options{events: eventsURL, cache: usercache.Config{TTL: time.Hour, NegativeTTL: time.Hour}})
		bus := dial(t, eventsURL, servicetest.Patience)
		u := b.insert(t, "KrishnaMohan", since())
		s.get(t, "/user/KrishnaMohan").wantStatus(t, http.StatusOK)
		s.get(t, "/user/Krishna%20Rao").wantStatus(t, http.StatusNotFound)
		b.cached(t, u.Name, "user:")
		b.cached(t, keyOf(t, "Krishna Rao"), "none:")

		b.changeByHand(t, "KrishnaMohan", 9731423199)
		b.insert(t, "Krishna Rao", since())
		if body := s.get(t, "/user/KrishnaMohan").body; !strings.Contains(body, "9731423166") {
			t.Fatalf("before the event the answer is %s, want what is cached", body)
		}
		begin := time.Now()
		tell(t, bus, "added", "no")          // no name that UMS knows
		tell(t, bus, "found", "Krishna Rao") // no change
		tell(t, bus, "added", "Krishna Rao")
		tell(t, bus, "changed", "KrishnaMohan")
		servicetest.Eventually(t, "the change is visible", func() bool {
			return strings.Contains(s.get(t, "/user/KrishnaMohan").body, "9731423199")
		})
		s.get(t, "/user/Krishna%20Rao").wantStatus(t, http.StatusOK)
		if took := time.Since(begin); took > time.Second {
			t.Errorf("it took %s", took)
		}

		b.cached(t, u.Name, "user:")
		b.delete(t, u.Name)
		tell(t, bus, "removed", "KrishnaMohan")
		servicetest.Eventually(t, "the removal is visible", func() bool {
			return s.get(t, "/user/KrishnaMohan").status == http.StatusNotFound
		})
	})
}

// TestAFenceStands against the event of an earlier write.
func TestAFenceStands(t *testing.T) {
	t.Parallel()
	b := onSQLite(t)
	bus := dial(t, "redis://"+miniredis.RunT(t).Addr(), servicetest.Patience)
	s := start(t, b, options{events: "redis://" + bus.(*redis.Client).Options().Addr})
	name := keyOf(t, "KrishnaMohan")
	if err := b.redis.Set(t.Context(), usercache.Key(name), "fence:another", time.Hour).Err(); err != nil {
		t.Fatal(err)
	}
	tell(t, bus, "changed", "KrishnaMohan")
	servicetest.Eventually(t, "the event is done", func() bool { return s.counter(t, `ums_bus_events_handled_total{group="find"}`) == "1" })
	if value := b.redis.Get(t.Context(), usercache.Key(name)).Val(); value != "fence:another" {
		t.Errorf("the key holds %q, want the fence", value)
	}
}

// TestAnEventWhileTheCacheIsAway is tried again, for as long as it takes.
func TestAnEventWhileTheCacheIsAway(t *testing.T) {
	t.Parallel()
	cache, events := miniredis.RunT(t), miniredis.RunT(t)
	b := newBackends(t, enginetest.SQLite(t).URL, "redis://"+cache.Addr())
	s := start(t, b, options{
		events: "redis://" + events.Addr(), cache: usercache.Config{TTL: time.Hour, RetryRedis: 50 * time.Millisecond},
	})
	u := b.insert(t, "KrishnaMohan", since())
	s.get(t, "/user/KrishnaMohan").wantStatus(t, http.StatusOK)
	b.cached(t, u.Name, "user:")
	b.changeByHand(t, "KrishnaMohan", 9731423199)

	cache.SetError("LOADING Redis is loading the dataset in memory")
	tell(t, dial(t, "redis://"+events.Addr(), servicetest.Patience), "changed", "KrishnaMohan")
	servicetest.Eventually(t, "it was tried some times", func() bool {
		tried := s.counter(t, `ums_bus_unavailable_total{group="find"}`)
		return tried != "0" && tried != "1" && tried != "2"
	})
	cache.SetError("")
	servicetest.Eventually(t, "the change is visible", func() bool {
		return strings.Contains(s.get(t, "/user/KrishnaMohan").body, "9731423199")
	})
	if dead := s.counter(t, `ums_bus_dead_letters_total{group="find"}`); dead != "0" {
		t.Errorf("%s events are dead letters, want none", dead)
	}
}

// counter returns the value of a metric.
func (s *service) counter(t *testing.T, name string) string {
	t.Helper()
	for _, line := range s.metrics(t) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			return value
		}
	}
	t.Fatalf("there is no metric %s", name)
	return ""
}
