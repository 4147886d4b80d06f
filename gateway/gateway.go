// Package gateway is the one URL of UMS: it finds the slot that serves a request by gateway.yaml and carries the request
// there.
//
// Package edge is where requests arrive, package route finds a route by the raw path, package policy says what is done to
// every request, and package wire speaks to upstreams; they know nothing of each other but package exchange, which is one
// request and its answer. This package puts them together: a request is served by one goroutine from its first byte to
// the last of its answer.
package gateway

import (
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/glarimy/ums/gateway/compress"
	"github.com/glarimy/ums/gateway/config"
	"github.com/glarimy/ums/gateway/exchange"
	"github.com/glarimy/ums/gateway/openapi"
	"github.com/glarimy/ums/gateway/route"
	"github.com/glarimy/ums/gateway/stale"
	"github.com/glarimy/ums/gateway/tracing"
)

// Gateway serves every path of a configuration. It never changes: another configuration is another Gateway. It is safe
// for concurrent use.
type Gateway struct {
	table      *route.Table[*endpoint]
	openapi    *openapi.Description
	slots      map[string]*slot
	release    func() // of the upstreams
	answers    *stale.Cache
	guard      *guard
	logger     *slog.Logger
	metrics    *metrics
	unrouted   *traffic
	tracer     *tracing.Tracer      // nil: no spans
	compressor *compress.Compressor // nil: no answer is compressed
	calls      sync.Pool            // of *call
	buffers    buffers
	stopping   atomic.Bool // streams end
}

// endpoint is where a request goes once its path and method are known.
type endpoint struct {
	route   config.Route
	slot    *slot        // nil if the gateway itself answers
	answer  http.Handler // nil if an upstream answers
	limit   config.RateLimit
	guarded bool // a request needs more than to be routed
	traffic *traffic
}

// NewGateway returns a gateway for a configuration that config.Load has found right. It opens no connection before the
// first request. Gateways may share a registerer. The errors are those of metrics that the registerer refuses, and of a
// configuration that contradicts itself. A nil tracer makes no spans. Close lets go of the backends.
func NewGateway(
	c config.Config, backends *Backends, logger *slog.Logger, registerer prometheus.Registerer, tracer *tracing.Tracer,
) (*Gateway, error) {
	return newGateway(c, backends, &guards{logger: logger, registerer: registerer}, tracer)
}

// newGateway is NewGateway for one of several gateways, which share what guards keep.
func newGateway(c config.Config, backends *Backends, s *guards, tracer *tracing.Tracer) (_ *Gateway, err error) {
	logger := s.logger
	m, err := newMetrics(s.registerer)
	if err != nil {
		return nil, err
	}
	g := &Gateway{logger: logger, metrics: m, unrouted: m.unrouted(), tracer: tracer}
	g.compressor = compress.New(c.Compression)
	if g.guard, err = s.guard(c, m.refused()); err != nil {
		return nil, err
	}
	g.calls.New = func() any { return new(call) }
	g.slots, g.release = backends.use(c, m)
	upstream := func(name string) http.RoundTripper { return g.slots[name] }
	g.openapi = openapi.New(c, openapi.Options{Upstream: upstream, Logger: logger, Now: time.Now})
	if g.table, err = g.newTable(c, upstream); err != nil {
		g.release()
		g.guard.close()
		return nil, err
	}
	g.answers = backends.answers
	g.answers.Resize(c.Stale.Size)
	return g, nil
}

func (g *Gateway) newTable(
	c config.Config, upstream func(slot string) http.RoundTripper,
) (*route.Table[*endpoint], error) {
	entries := make([]route.Entry[*endpoint], 0, len(c.Routes))
	for _, r := range c.Routes {
		pattern, err := route.ParsePattern(r.Path)
		if err != nil {
			return nil, fmt.Errorf("route %s: %w", r.Path, err)
		}
		e := &endpoint{route: r, slot: g.slots[r.Upstream], limit: g.guard.limits[r.RateLimit]}
		e.guarded = e.limit.Policy.Limited() || len(r.Scopes) > 0 && !g.guard.access.IsOpen()
		if e.slot == nil {
			if e.answer, err = g.ownAnswer(c, r, upstream); err != nil {
				return nil, err
			}
		}
		e.traffic = g.metrics.traffic(r.Path, servedBy(r), r.Methods...)
		entries = append(entries, route.Entry[*endpoint]{Pattern: pattern, Methods: r.Methods, Value: e})
	}
	return route.NewTable(entries)
}

// Ready returns nil: a gateway that exists has a right configuration, and needs nothing else to want requests. An
// upstream that is away leaves it ready, because the paths of the others still work.
func (g *Gateway) Ready() error { return nil }

// EndStreams ends the answers of routes without a timeout within about a second, which would otherwise go on after a stop
// signal for as long as their clients like. What they have sent so far stays whole, and their clients ask again elsewhere.
func (g *Gateway) EndStreams() { g.stopping.Store(true) }

// Close ends the streams, and lets go of the upstreams and of what the guard shares: what no other gateway uses is closed.
// It may be called more than once.
func (g *Gateway) Close() {
	g.EndStreams()
	g.release()
	g.guard.close()
}

// Serve answers a request. It implements exchange.Handler.
func (g *Gateway) Serve(x *exchange.Exchange) {
	identify(x)
	g.meet(x)
	if g.compressor != nil {
		defer g.compressor.Wrap(x)()
	}
	counted := g.unrouted
	defer func() { counted.observe(x) }() // also when the answer breaks off by a panic

	target, err := route.ParseTarget(x.Target)
	if err != nil {
		refuseTarget(x, err)
		return
	}
	path := g.table.Match(target.Path)
	if path == nil {
		refusePath(x)
		return
	}
	e, ok := path.Value(x.Method)
	if !ok {
		g.answerMethods(x, path.Allow())
		return
	}
	counted = e.traffic
	if !g.admit(x, e) {
		return
	}
	if e.slot == nil {
		g.respond(x, e.answer)
		return
	}
	g.forward(x, e, target)
}

// servedBy names who answers a route: a slot, or the gateway.
func servedBy(r config.Route) string {
	if r.Upstream == "" {
		return "gateway"
	}
	return r.Upstream
}
