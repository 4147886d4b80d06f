package upstream

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"reflect"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/glarimy/ums/gateway/config"
)

// Options are what all upstreams of a gateway share.
type Options struct {
	Logger     *slog.Logger
	Registerer prometheus.Registerer
	Resolver   Resolver // nil: the system's
	Probe      Probe    // nil: HTTPProbe
	// Attach makes what each instance carries with it, such as a pool of connections, before its first request. Detach
	// lets go of it once the instance has left and nothing is in flight there. Either may be nil; both are called from
	// several goroutines.
	Attach func(Endpoint) any
	Detach func(*Instance)
}

// Registry is the upstreams that the configurations in use name. What is known of an upstream outlives a reload that
// leaves its configuration the same: both configurations use the same Upstream, until the last of them releases it. It is
// safe for concurrent use.
type Registry struct {
	options Options
	metrics *metrics

	mu      sync.Mutex
	entries []*entry
}

// entry is one upstream, and by how many it is used.
type entry struct {
	config   config.Upstream
	upstream *Upstream
	users    int
}

// NewRegistry returns a registry without upstreams. The error is that of metrics that the registerer refuses.
func NewRegistry(o Options) (*Registry, error) {
	if o.Resolver == nil {
		o.Resolver = net.DefaultResolver
	}
	if o.Probe == nil {
		o.Probe = HTTPProbe()
	}
	r := &Registry{options: o, metrics: newMetrics()}
	for _, c := range []prometheus.Collector{r.metrics, &gauges{registry: r, descriptions: describe()}} {
		if err := o.Registerer.Register(c); err != nil {
			return nil, fmt.Errorf("register the metrics of upstreams: %w", err)
		}
	}
	return r, nil
}

// Use returns the upstreams of a configuration by slot, and a function that releases them, to be called once when the
// configuration's last request has ended. Names of new upstreams are looked up before it returns, for at most 2 s; one
// that is not found then is looked for in the background.
func (r *Registry) Use(ctx context.Context, list []config.Upstream) (upstreams map[string]*Upstream, release func()) {
	upstreams = make(map[string]*Upstream, len(list))
	used := make([]*entry, 0, len(list))
	var lookups sync.WaitGroup
	for _, c := range list {
		if c.Resilience == (config.Resilience{}) {
			c.Resilience = config.DefaultResilience()
		}
		e, isNew := r.entry(c)
		if isNew {
			lookups.Go(func() { r.open(ctx, e) })
		}
		used = append(used, e)
		upstreams[c.Slot] = e.upstream
	}
	lookups.Wait()
	return upstreams, sync.OnceFunc(func() {
		for _, e := range used {
			r.release(e)
		}
	})
}

// entry returns the upstream of a configuration, with one user more.
func (r *Registry) entry(c config.Upstream) (e *entry, isNew bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.entries {
		if reflect.DeepEqual(e.config, c) {
			e.users++
			return e, false
		}
	}
	e = &entry{config: c, upstream: newUpstream(c, r.options, r.metrics.of(c.Slot)), users: 1}
	r.entries = append(r.entries, e)
	return e, true
}

// open finds an upstream's instances, and begins what goes on in the background.
func (r *Registry) open(ctx context.Context, e *entry) {
	set := e.upstream.set
	if e.config.DNS {
		pause := set.lookup(ctx, e.config.URL)
		set.every(pause, func() time.Duration { return set.lookup(set.ctx, e.config.URL) })
	} else {
		set.update(fixed(e.config))
	}
	if h := set.settings.Health; h.Path != "" && (e.config.DNS || len(e.config.URLs) > 1) {
		set.every(h.Interval, set.probeAll)
	}
}

// release takes back one use of an upstream; with the last one it is closed.
func (r *Registry) release(e *entry) {
	r.mu.Lock()
	e.users--
	last := e.users == 0
	if last {
		for i, other := range r.entries {
			if other == e {
				r.entries = append(r.entries[:i:i], r.entries[i+1:]...)
				break
			}
		}
	}
	r.mu.Unlock()
	if last {
		e.upstream.set.close()
	}
}

// upstreams returns those in use.
func (r *Registry) upstreams() []*Upstream {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := make([]*Upstream, len(r.entries))
	for i, e := range r.entries {
		list[i] = e.upstream
	}
	return list
}
