package ratelimit_test

import (
	"context"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/glarimy/ums/gateway/ratelimit"
	"github.com/glarimy/ums/shared/enginetest"
)

func open(t testing.TB, url string) redis.UniversalClient {
	t.Helper()
	client, err := ratelimit.Open(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// patient returns a client that waits for a Redis on a busy machine: where the limiter gives up is another test's subject.
func patient(t testing.TB, url string) redis.UniversalClient {
	t.Helper()
	options, err := redis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(options)
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func alone(t *testing.T, registry *prometheus.Registry) float64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == "ums_gateway_rate_limit_alone_total" {
			return f.GetMetric()[0].GetCounter().GetValue()
		}
	}
	t.Fatal("no metric of decisions taken alone")
	return 0
}

// TestShared lets two gateways spend one limit.
func TestShared(t *testing.T) {
	t.Parallel()
	server := enginetest.Redis(t)
	p := policy(t, 1, time.Hour, 10)
	// One clock is a day ahead: what counts is Redis's.
	ahead := newClock()
	a, _ := limiter(t, time.Now, patient(t, server.URL), 0)
	b, _ := limiter(t, ahead.Now, patient(t, server.URL), 0)
	passed := 0
	for range 10 {
		for _, l := range []*ratelimit.Limiter{a, b} {
			d := l.Allow(t.Context(), p, "key:ci")
			if d.Allowed {
				passed++
				if d.Remaining != 10-passed {
					t.Errorf("%d remain after %d", d.Remaining, passed)
				}
			} else if d.RetryAfter <= 59*time.Minute || d.RetryAfter > time.Hour || d.Remaining != 0 {
				t.Errorf("refused: %+v", d)
			}
		}
	}
	if passed != 10 {
		t.Errorf("%d passed, want 10 for both together", passed)
	}
	ttl, err := patient(t, server.URL).PTTL(t.Context(), "ums:rate:v1:standard:key:ci").Result()
	if err != nil || ttl <= 9*time.Hour || ttl > 10*time.Hour {
		t.Errorf("the bucket expires in %v (%v), want when it is full again", ttl, err)
	}
}

// TestShared_sameAsLocal plays the same requests to the script and to the algorithm in memory. Their clocks run apart by
// the time of a call, so that the rate is slow and the levels are compared by the second.
func TestShared_sameAsLocal(t *testing.T) {
	t.Parallel()
	client := patient(t, enginetest.Redis(t).URL)
	random := rand.New(rand.NewPCG(3, 4))
	for range 20 {
		p := policy(t, 1+random.IntN(3), time.Hour, 1+random.IntN(20))
		if err := client.FlushDB(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
		c := newClock()
		l, _ := limiter(t, c.Now, nil, 0)
		for i := range 25 {
			// A new limiter each time: what it remembered would answer in Redis's place.
			r, registry := limiter(t, time.Now, client, 0)
			got, want := r.Allow(t.Context(), p, "k"), l.Allow(t.Context(), p, "k")
			if alone(t, registry) != 0 {
				t.Fatal("Redis did not answer")
			}
			got.Reset, got.RetryAfter = (got.Reset + 20*time.Second).Truncate(time.Minute), (got.RetryAfter + 20*time.Second).Truncate(time.Minute)
			want.Reset, want.RetryAfter = (want.Reset + 20*time.Second).Truncate(time.Minute), (want.RetryAfter + 20*time.Second).Truncate(time.Minute)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("request %d (-local +redis):\n%s", i, diff)
			}
		}
	}
}

// TestShared_refusesByItself: a client that is over its limit costs Redis nothing more.
func TestShared_refusesByItself(t *testing.T) {
	t.Parallel()
	client, asked := patient(t, enginetest.Redis(t).URL), new(calls)
	client.AddHook(asked)
	l, registry := limiter(t, time.Now, client, 0)
	p := policy(t, 1, time.Hour, 1)
	l.Allow(t.Context(), p, "k")
	before := asked.made.Load()
	for range 100 {
		if l.Allow(t.Context(), p, "k").Allowed {
			t.Fatal("passed")
		}
	}
	if after := asked.made.Load(); before == 0 || after != before || alone(t, registry) != 0 {
		t.Errorf("Redis was asked %d times, before %d; %v decisions alone", after, before, alone(t, registry))
	}
}

// calls counts what a client asks Redis.
type calls struct{ made atomic.Int64 }

func (c *calls) DialHook(next redis.DialHook) redis.DialHook { return next }

func (c *calls) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		c.made.Add(1)
		return next(ctx, cmd)
	}
}

func (c *calls) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// TestShared_outage stops Redis in the middle: the gateway goes on from what it knows, and quickly.
func TestShared_outage(t *testing.T) {
	t.Parallel()
	for name, outage := range map[string]func(*testing.T, *enginetest.RedisServer){
		"stopped": func(t *testing.T, r *enginetest.RedisServer) { r.Stop(t) },
		"hangs":   func(t *testing.T, r *enginetest.RedisServer) { r.Pause(t); t.Cleanup(func() { r.Resume(t) }) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := enginetest.Redis(t)
			client, asked := open(t, server.URL), new(calls)
			client.AddHook(asked)
			l, registry := limiter(t, time.Now, client, 0)
			p := policy(t, 1, 10*time.Minute, 40)
			passed := 0
			for range 20 {
				if l.Allow(t.Context(), p, "k").Allowed {
					passed++
				}
			}
			before := alone(t, registry) // a slow machine may have needed it already
			outage(t, server)
			start, first, quickest := time.Now(), asked.made.Load(), time.Hour
			for range 100 {
				begun, earlier := time.Now(), asked.made.Load()
				if l.Allow(t.Context(), p, "k").Allowed {
					passed++
				}
				if asked.made.Load() > earlier {
					quickest = min(quickest, time.Since(begun))
				}
			}
			if passed < 40 || passed > 40+int(before) { // Redis does not know of those that passed without it
				t.Errorf("%d passed, want the 40 of the limit: 20 by Redis, 20 from memory", passed)
			}
			if alone(t, registry) <= before {
				t.Error("no decision was taken alone")
			}
			made, took := asked.made.Load()-first, time.Since(start)
			// Each stage of a call may take 30 ms: on a machine that stands still one takes longer, but not all of them.
			if made > 0 && quickest > time.Second {
				t.Errorf("every call to Redis took %s or more", quickest)
			}
			// The breaker opens after ten calls at the latest, and then lets one through every second, give or take a tenth.
			if most := 10 + 2*(1+int64(took/time.Second)); made > most {
				t.Errorf("Redis was asked %d times in %s, want at most %d", made, took, most)
			}
		})
	}
}

// TestShared_back: when Redis is there again, the gateways share their limits again.
func TestShared_back(t *testing.T) {
	t.Parallel()
	server := enginetest.Redis(t)
	client := open(t, server.URL)
	l, registry := limiter(t, time.Now, client, 0)
	p := policy(t, 1_000_000, time.Second, 1000)
	server.Stop(t)
	for range 20 {
		l.Allow(t.Context(), p, "k")
	}
	server.Start(t)
	deadline := time.Now().Add(30 * time.Second)
	for {
		before := alone(t, registry)
		l.Allow(t.Context(), p, "k")
		if alone(t, registry) == before {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("Redis is not asked again")
		}
	}
}

func TestOpen(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"redis://u:geheim@host:6379/x", "http://u:geheim@host", "redis://u:geheim@host:port", "redis://u:geheim@h?addr=x&nonsense=1", "\x00geheim"} {
		if _, err := ratelimit.Open(url); err == nil || strings.Contains(err.Error(), "geheim") {
			t.Errorf("Open(%q) = %v", url, err)
		}
	}
	for _, url := range []string{"redis://host:6379/1", "rediss://u:p@host", "redis://host:6379?addr=host2:6379"} {
		client, err := ratelimit.Open(url)
		if err != nil {
			t.Errorf("Open(%q) = %v", url, err)
			continue
		}
		_ = client.Close()
	}
}

func BenchmarkAllow_redis(b *testing.B) {
	l, _ := limiter(b, time.Now, open(b, enginetest.Redis(b).URL), 0)
	p := policy(b, 1_000_000, time.Second, 1000)
	b.ReportAllocs()
	for b.Loop() {
		l.Allow(b.Context(), p, "key:ci")
	}
}
