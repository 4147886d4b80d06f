// Package gateway is the one URL of UMS: it finds the slot that serves a request by gateway.yaml and carries the request
// there.
//
// Package route finds a route by the raw path, package policy says what is done to every request, and package proxy
// moves the bytes; none of the first two knows what moves them. This package puts them together behind an http.Handler.
// Probes, the access log, request ids and a stop that loses no request come from shared/httpserver.
package gateway

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/glarimy/ums/gateway/config"
	"github.com/glarimy/ums/gateway/openapi"
	"github.com/glarimy/ums/gateway/proxy"
	"github.com/glarimy/ums/gateway/route"
)

// Gateway is an http.Handler for every path of a configuration. It never changes: another configuration is another
// Gateway. It is safe for concurrent use.
type Gateway struct {
	table    *route.Table[*endpoint]
	openapi  *openapi.Description
	proxies  []*proxy.Proxy
	logger   *slog.Logger
	metrics  *metrics
	unrouted traffic

	streams    context.Context //nolint:containedctx // ends with the gateway, not with a call
	endStreams context.CancelFunc
}

// endpoint is where a request goes once its path and method are known.
type endpoint struct {
	route   config.Route
	proxy   *proxy.Proxy // nil if the gateway itself answers
	answer  http.Handler // nil if an upstream answers
	traffic traffic
}

// NewGateway returns a gateway for a configuration that config.Load has found right. It opens no connection before the
// first request. Gateways may share a registerer. The errors are those of metrics that the registerer refuses, and of a
// configuration that contradicts itself.
func NewGateway(c config.Config, logger *slog.Logger, registerer prometheus.Registerer) (*Gateway, error) {
	m, err := newMetrics(registerer)
	if err != nil {
		return nil, err
	}
	g := &Gateway{logger: logger, metrics: m, unrouted: m.unrouted()}
	g.streams, g.endStreams = context.WithCancel(context.Background())
	slots := make(map[string]*proxy.Proxy, len(c.Upstreams))
	for _, u := range c.Upstreams {
		p := proxy.New(proxy.Options{Slot: u.Slot, URL: u.URL, OnFailure: g.failed})
		slots[u.Slot] = p
		g.proxies = append(g.proxies, p)
		m.expectFailures(u.Slot)
	}
	upstream := func(slot string) http.RoundTripper { return slots[slot] }
	g.openapi = openapi.New(c, openapi.Options{Upstream: upstream, Logger: logger, Now: time.Now})
	if g.table, err = g.newTable(c, slots, upstream); err != nil {
		return nil, err
	}
	return g, nil
}

func (g *Gateway) newTable(
	c config.Config, slots map[string]*proxy.Proxy, upstream func(slot string) http.RoundTripper,
) (*route.Table[*endpoint], error) {
	entries := make([]route.Entry[*endpoint], 0, len(c.Routes))
	for _, r := range c.Routes {
		pattern, err := route.ParsePattern(r.Path)
		if err != nil {
			return nil, fmt.Errorf("route %s: %w", r.Path, err)
		}
		e := &endpoint{route: r, proxy: slots[r.Upstream]}
		if e.proxy == nil {
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

// EndStreams ends the answers of routes without a timeout, which would otherwise go on after a stop signal for as long as
// their clients like. What they have sent so far stays whole, and their clients ask again elsewhere.
func (g *Gateway) EndStreams() { g.endStreams() }

// Close ends the streams, and closes the connections to upstreams that no request uses.
func (g *Gateway) Close() {
	g.endStreams()
	for _, p := range g.proxies {
		p.Close()
	}
}

// failed counts and logs a request that ended badly. A client's fault is not worth a line of an operator's time.
func (g *Gateway) failed(ctx context.Context, f proxy.Failure) {
	g.metrics.failures.WithLabelValues(f.Slot, string(f.Kind)).Inc()
	level := slog.LevelWarn
	if f.Kind.ByClient() {
		level = slog.LevelDebug
	}
	g.logger.LogAttrs(ctx, level, "request failed",
		slog.String("slot", f.Slot),
		slog.String("kind", string(f.Kind)),
		slog.String("request_id", f.RequestID),
		slog.Any("error", f.Err))
}

// servedBy names who answers a route: a slot, or the gateway.
func servedBy(r config.Route) string {
	if r.Upstream == "" {
		return "gateway"
	}
	return r.Upstream
}
