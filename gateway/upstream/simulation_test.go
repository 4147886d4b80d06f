package upstream_test

import (
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/glarimy/ums/gateway/config"
	"github.com/glarimy/ums/gateway/upstream"
)

// service is a simulated upstream: so many requests are worked on at a time, the others queue. Its capacity is
// workers/mean requests a second.
type service struct {
	workers chan struct{}
	mean    time.Duration
	random  *rand.Rand
	mu      sync.Mutex
}

func newService(workers int, mean time.Duration) *service {
	return &service{workers: make(chan struct{}, workers), mean: mean, random: rand.New(rand.NewPCG(1, 2))}
}

// work queues, and then takes an exponentially distributed time.
func (s *service) work() {
	s.workers <- struct{}{}
	s.mu.Lock()
	d := time.Duration(s.random.ExpFloat64() * float64(s.mean))
	s.mu.Unlock()
	<-time.After(d)
	<-s.workers
}

// load is what came of offering a service requests at a constant mean rate, at random times, whoever waits.
type load struct {
	served, shed  int
	p50, p99, max time.Duration // of those served
}

// offer offers requests for a while, and reports on those that began after the first part of it.
func offer(s *service, acquire func() (release func(), ok bool), rate float64, warmup, measured time.Duration) load {
	var (
		result load
		waits  []time.Duration
		mu     sync.Mutex
		all    sync.WaitGroup
		random = rand.New(rand.NewPCG(3, 4))
		start  = time.Now()
	)
	for {
		<-time.After(time.Duration(random.ExpFloat64() / rate * float64(time.Second)))
		at := time.Since(start)
		if at > warmup+measured {
			break
		}
		release, ok := acquire()
		if !ok {
			if at > warmup {
				result.shed++
			}
			continue
		}
		all.Go(func() {
			begun := time.Now()
			s.work()
			release()
			if at > warmup {
				mu.Lock()
				waits = append(waits, time.Since(begun))
				mu.Unlock()
			}
		})
	}
	all.Wait()
	slices.Sort(waits)
	if n := len(waits); n > 0 {
		result.served, result.p50, result.p99, result.max = n, waits[n/2], waits[n*99/100], waits[n-1]
	}
	return result
}

func limited(c config.Limit) func() (func(), bool) {
	l := upstream.NewLimiter(c)
	return func() (func(), bool) {
		p, ok := l.Acquire()
		return func() { p.Release(upstream.Answered) }, ok
	}
}

// TestLimiter_overload pins what the limiter is there for: at twice the capacity and more, those who are let in wait as
// long as in a busy hour, the service works as hard as it can, and nobody is refused without need.
func TestLimiter_overload(t *testing.T) {
	t.Parallel()
	const (
		workers  = 128
		mean     = 20 * time.Millisecond
		capacity = float64(workers) * float64(time.Second) / float64(mean)
		warmup   = 3 * time.Second
		measured = 5 * time.Second
	)
	run := func(factor float64, acquire func() func() (func(), bool)) (got load) {
		synctest.Test(t, func(t *testing.T) {
			got = offer(newService(workers, mean), acquire(), factor*capacity, warmup, measured)
			t.Logf("at %.1f times the capacity: served %d, refused %d, p50 %s, p99 %s", factor, got.served, got.shed, got.p50, got.p99)
		})
		return got
	}
	adaptive := func() func() (func(), bool) { return limited(config.DefaultResilience().Limit) }
	whole := capacity * measured.Seconds()

	busy := run(0.9, adaptive)
	if share := float64(busy.shed) / float64(busy.served); share > 0.01 {
		t.Errorf("at 0.9 times the capacity %.1f %% were refused, want hardly any", 100*share)
	}
	for _, factor := range []float64{2, 5} {
		got := run(factor, adaptive)
		if got.p99 > 2*busy.p99 {
			t.Errorf("at %.0f times the capacity p99 is %s, want at most twice the %s of a busy hour", factor, got.p99, busy.p99)
		}
		if float64(got.served) < 0.95*whole {
			t.Errorf("at %.0f times the capacity %d were served, want at least 95 %% of %.0f", factor, got.served, whole)
		}
	}
	// Without a limit it is another story; else the simulation would show nothing.
	unlimited := func() func() (func(), bool) {
		return func() (func(), bool) { return func() {}, true }
	}
	if got := run(2, unlimited); got.p99 < 10*busy.p99 {
		t.Errorf("without a limiter p99 is %s, so this load is no overload", got.p99)
	}
}

// TestLimiter_slower: a service that has become five times slower for good gets what it can do, not a fifth.
func TestLimiter_slower(t *testing.T) {
	t.Parallel()
	const workers = 128
	synctest.Test(t, func(t *testing.T) {
		acquire := limited(config.Limit{Min: 4, Max: 4096, Latency: time.Millisecond})
		offer(newService(workers, 10*time.Millisecond), acquire, 2000, 0, 2*time.Second)
		const slow = 100 * time.Millisecond
		got := offer(newService(workers, slow), acquire, 1600, 30*time.Second, 5*time.Second)
		capacity := workers * 5 * float64(time.Second/slow)
		t.Logf("served %d of %.0f, refused %d, p99 %s", got.served, capacity, got.shed, got.p99)
		if float64(got.served) < 0.8*capacity {
			t.Errorf("served %d, want at least 80 %% of %.0f", got.served, capacity)
		}
	})
}
