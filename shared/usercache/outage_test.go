package usercache_test

import (
	"context"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/redis/go-redis/v9"

	"github.com/glarimy/ums/shared/enginetest"
	"github.com/glarimy/ums/shared/user"
	"github.com/glarimy/ums/shared/usercache"
)

// TestWithoutRedis reads while Redis refuses connections and while it hangs: each read is answered from the database,
// soon, and after a few the breaker spares the others even that wait.
func TestWithoutRedis(t *testing.T) {
	t.Parallel()
	tests := map[string]func(t *testing.T) string{"refuses": refusing, "hangs": hanging}
	for name, start := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, err := usercache.Open("redis://"+start(t), usercache.ReadTimeout)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = client.Close() })
			looks := &lookCount{}
			client.AddHook(looks)
			u := atRevision(newName(t), 0)
			source := &source{users: map[user.Name]user.User{u.Name: u}}
			registry := prometheus.NewRegistry()
			config := usercache.Config{RetryRedis: time.Hour}
			cache, err := usercache.New(client, source, config, registry)
			if err != nil {
				t.Fatal(err)
			}
			const reads, waiting = 300, 5 // until the breaker opens, each for one stage of a call
			took := make([]time.Duration, reads)
			for i := range took {
				begin := time.Now()
				if e, err := cache.Get(t.Context(), u.Name); err != nil || e != usercache.NewEntry(u) {
					t.Fatalf("got %v and error %v, want the user", e, err)
				}
				took[i] = time.Since(begin)
			}
			if got := looks.made.Load(); got != waiting {
				t.Errorf("Redis was asked %d times, want %d", got, waiting)
			}
			slices.Sort(took)
			if took := took[reads-waiting]; took > usercache.ReadTimeout+time.Second { // the rest is for a busy machine
				t.Errorf("each of %d reads took %v and more", waiting, took)
			}
			if got := source.calls.Load(); got != reads {
				t.Errorf("the source was asked %d times, want %d", got, reads)
			}
			const open = `
# HELP ums_cache_breaker_state Breaker in front of Redis: 0 closed, 1 open, 2 half open.
# TYPE ums_cache_breaker_state gauge
ums_cache_breaker_state 1
`
			if err := testutil.GatherAndCompare(registry, strings.NewReader(open), "ums_cache_breaker_state"); err != nil {
				t.Error(err)
			}
		})
	}
}

// lookCount is a hook of a client that counts the looks that readers have it take. It is safe for concurrent use.
type lookCount struct{ made atomic.Int64 }

func (c *lookCount) count(commands ...redis.Cmder) {
	for _, command := range commands {
		if command.Name() == "get" {
			c.made.Add(1)
		}
	}
}

// DialHook implements [redis.Hook].
func (c *lookCount) DialHook(next redis.DialHook) redis.DialHook { return next }

// ProcessHook implements [redis.Hook].
func (c *lookCount) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, command redis.Cmder) error {
		c.count(command)
		return next(ctx, command)
	}
}

// ProcessPipelineHook implements [redis.Hook].
func (c *lookCount) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, commands []redis.Cmder) error {
		c.count(commands...)
		return next(ctx, commands)
	}
}

// TestFenceWithoutRedis writes while Redis is away: nothing stands in the way, and the write is counted.
func TestFenceWithoutRedis(t *testing.T) {
	t.Parallel()
	client, err := usercache.Open("redis://"+refusing(t), usercache.WriteTimeout)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	registry := prometheus.NewRegistry()
	fencer, err := usercache.NewFencer(client, usercache.FenceConfig{}, registry)
	if err != nil {
		t.Fatal(err)
	}
	fence := fencer.Fence(t.Context(), newName(t))
	if fence.Err() == nil {
		t.Error("the fence is confirmed without Redis")
	}
	if err := fence.Release(t.Context()); err == nil {
		t.Error("the release is confirmed without Redis")
	}
	fencer.Fence(t.Context(), newName(t)).Abandon()
	const want = `
# HELP ums_cache_unfenced_writes_total Writes of which Redis confirmed neither fence nor delete: reads may be stale until the write's event arrives.
# TYPE ums_cache_unfenced_writes_total counter
ums_cache_unfenced_writes_total 2
`
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want), "ums_cache_unfenced_writes_total"); err != nil {
		t.Error(err)
	}
}

// TestRedisReturns stops Redis and starts it again: reads go on all the time, and in the end they are hits again.
func TestRedisReturns(t *testing.T) {
	t.Parallel()
	server := enginetest.Redis(t)
	f := newFixture(t, server.URL, usercache.Config{RetryRedis: 10 * time.Millisecond}, usercache.FenceConfig{})
	u := f.cached(t)
	f.cache.Trace(nil)
	server.Stop(t)
	for range 100 {
		f.gets(t, u)
	}
	server.Start(t)
	deadline := time.Now().Add(patience)
	for hit := false; !hit; {
		if time.Now().After(deadline) {
			t.Fatal("there is no hit after Redis has come back")
		}
		before := f.source.calls.Load()
		f.gets(t, u)
		hit = f.source.calls.Load() == before
	}
}

// refusing returns an address where nothing listens, nor will: no program is given that port by chance.
func refusing(*testing.T) string { return "127.0.0.1:1" }

// hanging returns an address that takes connections and never answers.
func hanging(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	return listener.Addr().String() // the system accepts in its stead
}
