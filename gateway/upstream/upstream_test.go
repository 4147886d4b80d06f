package upstream_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/glarimy/ums/gateway/config"
	"github.com/glarimy/ums/gateway/upstream"
)

// world is what the upstreams of a test depend on.
type world struct {
	registry *upstream.Registry
	metrics  *prometheus.Registry

	mu    sync.Mutex
	sick  map[string]bool // addresses whose probes fail
	addrs []netip.Addr    // that the resolver knows; none: it fails
	asked int
	gone  []string // addresses that were let go of
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{metrics: prometheus.NewPedanticRegistry(), sick: make(map[string]bool)}
	var err error
	w.registry, err = upstream.NewRegistry(upstream.Options{
		Logger:     slog.New(slog.DiscardHandler),
		Registerer: w.metrics,
		Resolver:   w,
		Probe:      w.probe,
		Attach:     func(e upstream.Endpoint) any { return "pool of " + e.Addr },
		Detach: func(i *upstream.Instance) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.gone = append(w.gone, i.Addr())
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) probe(_ context.Context, e upstream.Endpoint, _ string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.sick[e.Addr] {
		return errors.New("sick")
	}
	return nil
}

func (w *world) setSick(addr string, sick bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sick[addr] = sick
}

// letGo returns the addresses that were let go of so far, in order.
func (w *world) letGo() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.gone)
}

// LookupNetIP implements [upstream.Resolver].
func (w *world) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked++
	if len(w.addrs) == 0 {
		return nil, errors.New("no such host")
	}
	return w.addrs, nil
}

func (w *world) resolve(addrs ...string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.addrs = nil
	for _, a := range addrs {
		w.addrs = append(w.addrs, netip.MustParseAddr(a))
	}
}

// use returns the upstream of one configuration, which is released at the test's end.
func (w *world) use(t testing.TB, c config.Upstream) *upstream.Upstream {
	t.Helper()
	upstreams, release := w.registry.Use(t.Context(), []config.Upstream{c})
	t.Cleanup(release)
	return upstreams[c.Slot]
}

// listed is a configuration of n instances, 10.0.0.1:80 and so on, without anything in the background but what change
// asks for.
func listed(n int, change func(*config.Resilience)) config.Upstream {
	c := config.Upstream{Slot: "find", Resilience: config.DefaultResilience()}
	c.Resilience.Health = config.Health{}
	for i := range n {
		c.URLs = append(c.URLs, &url.URL{Scheme: "http", Host: addr(i)})
	}
	c.URL = c.URLs[0]
	if change != nil {
		change(&c.Resilience)
	}
	return c
}

func addr(i int) string { return fmt.Sprintf("10.0.0.%d:80", i+1) }

// fail has picks of an instance end badly so many times in a row.
func fail(t *testing.T, s *upstream.Set, address string, times int, o upstream.Outcome) {
	t.Helper()
	for range times {
		pick(t, s, address).Done(o)
	}
}

// pick picks until it is the wanted instance, also if that is out.
func pick(t *testing.T, s *upstream.Set, address string) *upstream.Instance {
	t.Helper()
	var others []*upstream.Instance
	for _, i := range s.Instances() {
		if i.Addr() != address {
			others = append(others, i)
		}
	}
	i, err := s.Pick(others...)
	if err != nil {
		t.Fatalf("pick %s: %v", address, err)
	}
	return i
}

// shares picks many times and returns how often each instance was picked.
func shares(t *testing.T, s *upstream.Set, times int) map[string]int {
	t.Helper()
	got := make(map[string]int)
	for range times {
		i, err := s.Pick()
		if err != nil {
			t.Fatal(err)
		}
		got[i.Addr()]++
		i.Done(upstream.Canceled)
	}
	return got
}

// after lets time pass, and what is due happen.
func after(d time.Duration) { <-time.After(d) }
