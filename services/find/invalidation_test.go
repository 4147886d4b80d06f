package find_test

import (
	"database/sql"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/google/uuid"

	"github.com/glarimy/ums/shared/bus"
	"github.com/glarimy/ums/shared/bus/transport"
	"github.com/glarimy/ums/shared/bus/transporttest"
	"github.com/glarimy/ums/shared/enginetest"
	"github.com/glarimy/ums/shared/event"
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

// tell puts the event of a change on the bus.
func tell(t *testing.T, b bus.Publisher, kind, name string) {
	t.Helper()
	results := b.Publish(t.Context(), []event.Event{{
		ID: uuid.NewString(), Source: event.SourceAdd, Type: "com.glarimy.ums.user." + kind, User: name,
		Time: since(), Sequence: event.Sequence(42), Data: []byte("{}"),
	}})
	if results != nil {
		t.Fatal(results)
	}
}

// onEachBus runs a test on backends of each kind and each event bus.
func onEachBus(t *testing.T, test func(t *testing.T, b *backends, events *transporttest.Server)) {
	t.Helper()
	inMySQL := func(t *testing.T) *backends {
		t.Helper()
		return newBackends(t, enginetest.MySQL(t).URL, enginetest.Redis(t).URL)
	}
	for name, tc := range map[string]struct {
		backends func(*testing.T) *backends
		events   func(testing.TB) *transporttest.Server
	}{
		"MySQL and Redis":             {inMySQL, transporttest.Redis},
		"MySQL and Kafka":             {inMySQL, transporttest.Kafka},
		"SQLite":                      {onSQLite, transporttest.InProcessRedis},
		"SQLite and in-process Kafka": {onSQLite, transporttest.InProcessKafka},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, tc.backends(t), tc.events(t))
		})
	}
}

// TestAnothersChangeIsVisible within a second of its event, though what was there before is cached. A machine that stands
// still makes some changes late, but not each.
func TestAnothersChangeIsVisible(t *testing.T) {
	t.Parallel()
	onEachBus(t, func(t *testing.T, b *backends, events *transporttest.Server) {
		s := start(t, b, options{events: events.URL, cache: usercache.Config{TTL: time.Hour, NegativeTTL: time.Hour}})
		bus := events.Open(t, transport.Dependencies{})
		tell(t, bus, "added", "no") // no name that UMS knows
		servicetest.Eventually(t, "it is done, so that the service has joined its group", func() bool {
			return s.counter(t, `ums_bus_events_handled_total{group="find"}`) == "1"
		})
		var took []time.Duration
		for len(took) == 0 || len(took) < 10 && slices.Min(took) > time.Second {
			took = append(took, s.follow(t, bus, fmt.Sprint("Krishna", len(took))))
		}
		if slices.Min(took) > time.Second {
			t.Errorf("it took %s", took)
		}
	})
}

// follow changes, adds and removes two users behind the back of the service, and returns how long after their events both
// the change and the addition were visible.
func (s *service) follow(t *testing.T, events bus.Publisher, prefix string) (took time.Duration) {
	t.Helper()
	name, newcomer := prefix+"Mohan", prefix+" Rao"
	old, added := "/user/"+name, "/user/"+url.PathEscape(newcomer)
	u := s.insert(t, name, since())
	s.get(t, old).wantStatus(t, http.StatusOK)
	s.get(t, added).wantStatus(t, http.StatusNotFound)
	s.cached(t, u.Name, "user:")
	s.cached(t, keyOf(t, newcomer), "none:")

	s.changeByHand(t, name, 9731423199)
	s.insert(t, newcomer, since())
	if body := s.get(t, old).body; !strings.Contains(body, "9731423166") {
		t.Fatalf("before the event the answer is %s, want what is cached", body)
	}
	begin := time.Now()
	tell(t, events, "found", newcomer) // no change
	tell(t, events, "added", newcomer)
	tell(t, events, "changed", name)
	servicetest.Eventually(t, "the change is visible", func() bool { return strings.Contains(s.get(t, old).body, "9731423199") })
	servicetest.Eventually(t, "the addition is visible", func() bool { return s.get(t, added).status == http.StatusOK })
	took = time.Since(begin)

	s.cached(t, u.Name, "user:")
	s.delete(t, u.Name)
	tell(t, events, "removed", name)
	servicetest.Eventually(t, "the removal is visible", func() bool { return s.get(t, old).status == http.StatusNotFound })
	return took
}

// TestAFenceStands against the event of an earlier write.
func TestAFenceStands(t *testing.T) {
	t.Parallel()
	b := onSQLite(t)
	events := transporttest.InProcessRedis(t)
	bus := events.Open(t, transport.Dependencies{})
	s := start(t, b, options{events: events.URL})
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
	cache, events := miniredis.RunT(t), transporttest.InProcessRedis(t)
	b := newBackends(t, enginetest.SQLite(t).URL, "redis://"+cache.Addr())
	s := start(t, b, options{
		events: events.URL, cache: usercache.Config{TTL: time.Hour, RetryRedis: 50 * time.Millisecond},
	})
	u := b.insert(t, "KrishnaMohan", since())
	s.get(t, "/user/KrishnaMohan").wantStatus(t, http.StatusOK)
	b.cached(t, u.Name, "user:")
	b.changeByHand(t, "KrishnaMohan", 9731423199)

	cache.SetError("LOADING Redis is loading the dataset in memory")
	tell(t, events.Open(t, transport.Dependencies{}), "changed", "KrishnaMohan")
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
