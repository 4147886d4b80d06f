package usercache_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/glarimy/ums/shared/enginetest"
	"github.com/glarimy/ums/shared/user"
	"github.com/glarimy/ums/shared/usercache"
)

// TestCache runs the suite against the Redis that is embedded in the one process and against a real one.
func TestCache(t *testing.T) {
	t.Parallel()
	suite := map[string]func(t *testing.T, redisURL string){
		"hit":                    testHit,
		"negative hit":           testNegativeHit,
		"time to live":           testTimeToLive,
		"malformed":              testMalformed,
		"orphaned lease":         testOrphanedLease,
		"join":                   testJoin,
		"leaving":                testLeaving,
		"source fails":           testSourceFails,
		"source panics":          testSourcePanics,
		"overload":               testOverload,
		"collapse without Redis": testCollapse,
		"fence":                  testFence,
		"fence of another":       testFenceOfAnother,
		"fence expires":          testFenceExpires,
		"invalidate":             testInvalidate,
		"metrics":                testMetrics,
		"fence metrics":          testFenceMetrics,
	}
	engines := map[string]func(t *testing.T) string{
		"miniredis": func(t *testing.T) string { return "redis://" + miniredis.RunT(t).Addr() },
		"redis":     func(t *testing.T) string { return enginetest.Redis(t).URL },
	}
	for engine, start := range engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			redisURL := start(t)
			for name, test := range suite {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					test(t, redisURL)
				})
			}
		})
	}
}

// fixture is a cache over a source that a test controls.
type fixture struct {
	cache    *usercache.Cache
	fencer   *usercache.Fencer
	source   *source
	redis    redis.UniversalClient
	registry *prometheus.Registry
	steps    chan usercache.Step // of the cache, from the first to the last
}

func newFixture(t *testing.T, redisURL string, config usercache.Config, fences usercache.FenceConfig) *fixture {
	t.Helper()
	f := &fixture{
		source:   &source{users: map[user.Name]user.User{}},
		redis:    open(t, redisURL),
		registry: prometheus.NewPedanticRegistry(),
		steps:    make(chan usercache.Step, 1000),
	}
	var err error
	if f.cache, err = usercache.New(f.redis, f.source, config, f.registry); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.cache.Close() })
	f.cache.Trace(func(_ context.Context, s usercache.Step) { f.steps <- s })
	if f.fencer, err = usercache.NewFencer(f.redis, fences, f.registry); err != nil {
		t.Fatal(err)
	}
	return f
}

// until waits until the cache takes a step.
func (f *fixture) until(t *testing.T, want usercache.Step) {
	t.Helper()
	timeout := time.After(patience)
	for {
		select {
		case s := <-f.steps:
			if s == want {
				return
			}
		case <-timeout:
			t.Fatalf("the cache does not come to %s", moveNames[want])
		}
	}
}

// user puts a new user in the source.
func (f *fixture) user(t *testing.T) user.User {
	t.Helper()
	u := atRevision(newName(t), 0)
	f.source.put(u)
	return u
}

// cached puts a new user in the source and in the cache.
func (f *fixture) cached(t *testing.T) user.User {
	t.Helper()
	u := f.user(t)
	f.gets(t, u)
	f.until(t, usercache.StepOver)
	return u
}

// gets checks that the cache returns u.
func (f *fixture) gets(t *testing.T, u user.User) {
	t.Helper()
	got, err := f.cache.Get(t.Context(), u.Name)
	if want := usercache.NewEntry(u); err != nil || got != want {
		t.Fatalf("got %v and error %v, want %v", got, err, want)
	}
}

// value returns what the key of a user holds.
func (f *fixture) value(t *testing.T, name user.Name) string {
	t.Helper()
	value, err := f.redis.Get(t.Context(), usercache.Key(name)).Result()
	if err != nil && err != redis.Nil {
		t.Fatal(err)
	}
	return value
}

// source is a usercache.Source that counts, and waits, fails or panics as it is told.
type source struct {
	mu    sync.Mutex
	users map[user.Name]user.User
	err   error
	panic any
	hold  chan struct{} // Find waits until it is closed
	calls atomic.Int64
}

func (s *source) put(u user.User) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.users[u.Name] = u
}

func (s *source) set(change func(*source)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
}

func (s *source) Find(ctx context.Context, name user.Name) (user.User, error) {
	s.calls.Add(1)
	s.mu.Lock()
	u, ok := s.users[name]
	err, fault, hold := s.err, s.panic, s.hold
	s.mu.Unlock()
	if hold != nil {
		select {
		case <-hold:
		case <-ctx.Done():
			return user.User{}, ctx.Err()
		}
	}
	if fault != nil {
		panic(fault)
	}
	if err == nil && !ok {
		err = user.ErrNotFound
	}
	return u, err
}
