package ratelimit_test

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/redis/go-redis/v9"

	"github.com/glarimy/ums/gateway/ratelimit"
)

// clock is a time that moves when it is told to.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Unix(1_800_000_000, 0)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func policy(t testing.TB, count int, per time.Duration, burst int) ratelimit.Policy {
	t.Helper()
	p, err := ratelimit.NewPolicy("standard", count, per, burst)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// limiter returns a limiter, and its registry.
func limiter(t testing.TB, now func() time.Time, client redis.UniversalClient, buckets int) (*ratelimit.Limiter, *prometheus.Registry) {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	l, err := ratelimit.New(ratelimit.Options{
		Redis: client, MaxBuckets: buckets, Now: now, Registerer: registry, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return l, registry
}

func TestAllow(t *testing.T) {
	t.Parallel()
	c := newClock()
	l, registry := limiter(t, c.Now, nil, 0)
	p := policy(t, 10, time.Second, 3)
	for i, step := range []struct {
		after time.Duration
		want  ratelimit.Decision
	}{
		{0, ratelimit.Decision{Allowed: true, Limit: 3, Remaining: 2, Reset: 100 * time.Millisecond}},
		{0, ratelimit.Decision{Allowed: true, Limit: 3, Remaining: 1, Reset: 200 * time.Millisecond}},
		{0, ratelimit.Decision{Allowed: true, Limit: 3, Remaining: 0, Reset: 300 * time.Millisecond}},
		{0, ratelimit.Decision{Limit: 3, RetryAfter: 100 * time.Millisecond, Reset: 300 * time.Millisecond}},
		{40 * time.Millisecond, ratelimit.Decision{Limit: 3, RetryAfter: 60 * time.Millisecond, Reset: 260 * time.Millisecond}},
		{60 * time.Millisecond, ratelimit.Decision{Allowed: true, Limit: 3, Reset: 300 * time.Millisecond}},
		{time.Hour, ratelimit.Decision{Allowed: true, Limit: 3, Remaining: 2, Reset: 100 * time.Millisecond}},
		{-time.Hour, ratelimit.Decision{Limit: 3, RetryAfter: 100 * time.Millisecond, Reset: 300 * time.Millisecond}}, // a clock set back
		{100 * time.Millisecond, ratelimit.Decision{Allowed: false, Limit: 3, RetryAfter: 100 * time.Millisecond, Reset: 300 * time.Millisecond}},
	} {
		c.advance(step.after)
		if diff := cmp.Diff(step.want, l.Allow(t.Context(), p, "key:ci")); diff != "" {
			t.Errorf("step %d (-want +got):\n%s", i, diff)
		}
	}
	if d := l.Allow(t.Context(), p, "key:other"); !d.Allowed || d.Remaining != 2 {
		t.Errorf("another key shares the bucket: %+v", d)
	}
	if d := l.Allow(t.Context(), ratelimit.Policy{}, "key:ci"); !d.Allowed {
		t.Errorf("no policy refuses: %+v", d)
	}
	if got := testutil.CollectAndCount(registry, "ums_gateway_rate_limit_decisions_total"); got != 2 {
		t.Errorf("decisions have %d series, want passed and refused", got)
	}
}

// TestAllow_rate checks the promise itself: in any time, burst + rate × time requests pass, and no more.
func TestAllow_rate(t *testing.T) {
	t.Parallel()
	c := newClock()
	l, _ := limiter(t, c.Now, nil, 0)
	p := policy(t, 50, time.Second, 20)
	random := rand.New(rand.NewPCG(1, 2))
	passed, elapsed := 0, time.Duration(0)
	for elapsed < 10*time.Second {
		if l.Allow(t.Context(), p, "k").Allowed {
			passed++
		}
		step := time.Duration(random.IntN(4000)) * time.Microsecond
		elapsed += step
		c.advance(step)
	}
	if most := 20 + 50*10 + 1; passed > most || passed < most-2 {
		t.Errorf("%d passed in 10 s, want %d", passed, most)
	}
}

func TestAllow_boundedMemory(t *testing.T) {
	t.Parallel()
	c := newClock()
	l, _ := limiter(t, c.Now, nil, 160)
	p := policy(t, 1, time.Minute, 1)
	for i := range 5000 {
		l.Allow(t.Context(), p, fmt.Sprint("addr:", i))
	}
	if n := l.Kept(); n > 160 || n < 100 {
		t.Errorf("%d buckets are kept, want about 160", n)
	}
	if l.Allow(t.Context(), p, "addr:4999").Allowed {
		t.Error("the newest bucket was forgotten")
	}
}

// TestAllow_concurrent spends one bucket from eight sides.
func TestAllow_concurrent(t *testing.T) {
	t.Parallel()
	c := newClock()
	l, _ := limiter(t, c.Now, nil, 0)
	p := policy(t, 1, time.Second, 100)
	var passed atomic.Int64
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for range 50 {
				if l.Allow(t.Context(), p, "k").Allowed {
					passed.Add(1)
				}
			}
		})
	}
	wait.Wait()
	if passed.Load() != 100 {
		t.Errorf("%d passed at once, want 100", passed.Load())
	}
}

func TestSetHeaders(t *testing.T) {
	t.Parallel()
	p := policy(t, 100, time.Minute, 50)
	for name, tt := range map[string]struct {
		d    ratelimit.Decision
		want http.Header
	}{
		"passes": {ratelimit.Decision{Allowed: true, Limit: 50, Remaining: 49, Reset: 600 * time.Millisecond}, http.Header{
			"Ratelimit-Policy": {`"standard";q=50;w=30`}, "Ratelimit": {`"standard";r=49;t=1`},
		}},
		"refused": {ratelimit.Decision{Limit: 50, RetryAfter: 1001 * time.Millisecond, Reset: 30 * time.Second}, http.Header{
			"Ratelimit-Policy": {`"standard";q=50;w=30`}, "Ratelimit": {`"standard";r=0;t=2`}, "Retry-After": {"2"},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := http.Header{}
			tt.d.SetHeaders(p, h.Set)
			if diff := cmp.Diff(tt.want, h); diff != "" {
				t.Errorf("headers (-want +got):\n%s", diff)
			}
		})
	}
}

func TestNewPolicy(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		count int
		per   time.Duration
		burst int
		ok    bool
	}{
		"usual":               {100, time.Second, 200, true},
		"slow":                {1, time.Hour, 1, true},
		"no requests":         {0, time.Second, 1, false},
		"negative":            {-1, time.Second, 1, false},
		"no period":           {1, 0, 1, false},
		"too fast":            {2_000_000, time.Second, 1, false},
		"no burst":            {1, time.Second, 0, false},
		"a huge burst":        {1_000_000, time.Second, 2_000_000, false},
		"fills in years":      {1, time.Hour, 1000, false},
		"fills within a day":  {1, time.Hour, 24, true},
		"an overflowing time": {1, 1 << 62, 1, false},
	} {
		if _, err := ratelimit.NewPolicy("p", tt.count, tt.per, tt.burst); (err == nil) != tt.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAddressKey(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"203.0.113.7": "addr:203.0.113.7", "::ffff:203.0.113.7": "addr:203.0.113.7",
		"2001:db8:1:2:3:4:5:6": "addr:2001:db8:1:2::", "fe80::1%eth0": "addr:fe80::",
	} {
		if got := ratelimit.AddressKey(netip.MustParseAddr(address)); got != want {
			t.Errorf("AddressKey(%s) = %s, want %s", address, got, want)
		}
	}
}

func BenchmarkAllow(b *testing.B) {
	l, _ := limiter(b, time.Now, nil, 0)
	p := policy(b, 1_000_000, time.Second, 1000)
	b.ReportAllocs()
	for b.Loop() {
		l.Allow(b.Context(), p, "key:ci")
	}
}
