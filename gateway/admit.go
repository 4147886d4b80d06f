package gateway

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"

	"github.com/glarimy/ums/gateway/access"
	"github.com/glarimy/ums/gateway/exchange"
	"github.com/glarimy/ums/gateway/http1"
	"github.com/glarimy/ums/gateway/ratelimit"
	"github.com/glarimy/ums/shared/header"
	"github.com/glarimy/ums/shared/problem"
)

// meet does what is due to every request, before its target is even looked at: it finds out the client's address, and has
// the answer say which pages may read it. A preflight is told so by answerMethods.
func (g *Gateway) meet(x *exchange.Exchange) {
	g.guard.locate(x)
	if x.Method != http.MethodOptions {
		g.guard.cors.Apply(x.Get("Origin"), func(name, value string) { addFresh(x, name, value) })
	}
}

// admit is where policies stand between a route and its upstream: who asks, what they may do, how much of it. One that
// refuses answers by x.Respond and returns false. What it wants said in every answer it appends to x.Fresh, and what the
// upstream is told (Ums-Actor, Ums-Scopes) to x.Upstream.
func (g *Gateway) admit(x *exchange.Exchange, e *endpoint) bool {
	if !e.guarded {
		return true
	}
	id, err := g.guard.authorize(x, e)
	if err != nil {
		g.deny(x, err)
		return false
	}
	return g.guard.limit(x, e, id)
}

// deny answers a request that may not pass.
func (g *Gateway) deny(x *exchange.Exchange, err error) {
	told := &access.Error{Type: problem.Internal, Detail: "Whether the request may pass could not be found out."}
	if e, ok := errors.AsType[*access.Error](err); ok {
		told = e
	}
	g.logger.LogAttrs(context.Background(), slog.LevelDebug, "request denied",
		slog.String("request_id", x.RequestID), slog.Any("error", err))
	if told.WWWAuthenticate != "" {
		addFresh(x, "WWW-Authenticate", told.WWWAuthenticate)
	}
	if told.RetryAfter != "" {
		addFresh(x, "Retry-After", told.RetryAfter)
	}
	g.guard.refuse(x, told.Problem())
}

// refuse answers with a problem, and counts it.
func (w *guard) refuse(x *exchange.Exchange, p problem.Problem) {
	for kind, counter := range w.refused {
		if kind.URI() == p.Type {
			counter.Inc()
		}
	}
	refuse(x, p)
}

// authorize finds out who asks, and has the upstream told.
func (w *guard) authorize(x *exchange.Exchange, e *endpoint) (access.Identity, error) {
	if w.access.IsOpen() || len(e.route.Scopes) == 0 {
		return access.Identity{}, nil
	}
	id, err := w.access.Authorize(x.Client.Context(),
		joined(x.Fields, access.Authorization), joined(x.Fields, access.APIKey), e.route.Scopes)
	if err != nil {
		return access.Identity{}, err
	}
	actor, scopes := id.Headers()
	if actor != "" {
		x.Upstream = append(x.Upstream, exchange.Field{Name: header.Actor, Value: actor})
	}
	if scopes != "" {
		x.Upstream = append(x.Upstream, exchange.Field{Name: header.Scopes, Value: scopes})
	}
	return id, nil
}

// keepsBack reports whether a client's field stays behind, because it holds a secret that is for the gateway alone. Where
// access is open there is none: a service may have credentials of its own.
func (w *guard) keepsBack(name string) bool {
	return !w.access.IsOpen() && access.Stripped(name)
}

// limit lets a request pass unless there were too many, and has the client told of its limit.
func (w *guard) limit(x *exchange.Exchange, e *endpoint, id access.Identity) bool {
	limit := e.limit
	if !limit.Policy.Limited() {
		return true
	}
	if own, ok := w.limits[id.RateLimit]; ok {
		limit = own
	}
	key := id.Key
	if key == "" || limit.ByAddress {
		addr, _ := netip.ParseAddr(x.ClientIP) // those without one, of which no listener knows, are one client
		key = ratelimit.AddressKey(addr)
	}
	d := w.limiter.Allow(context.Background(), limit.Policy, key)
	d.SetHeaders(limit.Policy, func(name, value string) { addFresh(x, name, value) })
	if !d.Allowed {
		w.refuse(x, problem.New(problem.RateLimited,
			"There were more requests than the limit "+limit.Name+" allows; Retry-After tells when the next one may pass."))
	}
	return d.Allowed
}

// locate finds out the client's address, and whether a proxy that is trusted speaks for it.
func (w *guard) locate(x *exchange.Exchange) {
	x.ClientIP = x.RemoteIP
	if !w.trusts {
		return
	}
	peer, err := netip.ParseAddr(x.RemoteIP)
	if err != nil || !w.proxies.Trusts(peer) {
		return
	}
	var lines []string
	for i := range x.Fields {
		if http1.EqualFold(x.Fields[i].Name, "X-Forwarded-For") {
			lines = append(lines, x.Fields[i].Value)
		}
	}
	x.ClientIP, x.Proxied = w.proxies.Resolve(peer, lines).String(), true
}

// joined returns the values of a field, joined as RFC 9110, section 5.2, has it; "" if it is absent.
func joined(fields []exchange.Field, name string) string {
	var values []string
	for i := range fields {
		if http1.EqualFold(fields[i].Name, name) {
			values = append(values, fields[i].Value)
		}
	}
	return strings.Join(values, ", ")
}

func addFresh(x *exchange.Exchange, name, value string) {
	x.Fresh = append(x.Fresh, exchange.Field{Name: name, Value: value})
}
