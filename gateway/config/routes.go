package config

import (
	"net/http"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/glarimy/ums/gateway/route"
)

// placed is a route together with what the checks between routes need.
type placed struct {
	Route
	pattern route.Pattern
	valid   bool // the pattern could be read
	node    *yaml.Node
}

func (r *reader) routes(n *yaml.Node, upstreams []Upstream, limits []RateLimit) []Route {
	var earlier []placed
	for _, item := range r.sequence(n, "routes") {
		p := placed{node: item}
		fields, ok := r.mapping(item, "a route",
			"path", "methods", "upstream", "aggregate", "respond", "timeout", "body", "stale_if_error", "scopes", "rate_limit")
		if !ok {
			continue
		}
		if path := r.required(item, fields, "path", "a route"); path != nil {
			r.path(path, &p)
		}
		if methods := r.required(item, fields, "methods", "a route"); methods != nil {
			p.Methods = r.methods(methods)
		}
		r.destination(item, fields, upstreams, &p)
		r.staleIfError(fields["stale_if_error"], &p.Route)
		if scopes := fields["scopes"]; scopes != nil {
			p.Scopes = r.scopes(scopes)
		}
		if limit := fields["rate_limit"]; limit != nil {
			r.limited(limit, limits, &p.Route)
		}
		r.clashes(p, earlier)
		earlier = append(earlier, p)
	}
	list := make([]Route, len(earlier))
	for i, p := range earlier {
		list[i] = p.Route
	}
	return list
}

func (r *reader) path(n *yaml.Node, p *placed) {
	text, ok := r.text(n, "a path")
	if !ok {
		return
	}
	pattern, err := route.ParsePattern(text)
	switch {
	case err != nil:
		r.fault(n, "path %q: %v", text, err)
	case text == "/livez" || text == "/readyz":
		r.fault(n, "path %q is the gateway's own, and cannot be routed", text)
	default:
		p.Path, p.pattern, p.valid = text, pattern, true
	}
}

func (r *reader) methods(n *yaml.Node) []string {
	known := []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}
	var methods []string
	for _, item := range r.sequence(n, "methods") {
		method, ok := r.text(item, "a method")
		switch {
		case !ok:
		case method == http.MethodHead:
			r.fault(item, "HEAD comes with GET, and is not listed")
		case method == http.MethodOptions:
			r.fault(item, "OPTIONS is answered by the gateway, and is not listed")
		case !slices.Contains(known, method):
			r.fault(item, "unknown method %q%s", method, suggest(method, known))
		case slices.Contains(methods, method):
			r.fault(item, "the method %s is listed twice", method)
		default:
			methods = append(methods, method)
		}
	}
	return methods
}

// destination reads who answers the route, and the limits that hold on the way there.
func (r *reader) destination(n *yaml.Node, fields map[string]*yaml.Node, upstreams []Upstream, out *placed) {
	kinds := []string{"upstream", "aggregate", "respond"}
	kinds = slices.DeleteFunc(kinds, func(key string) bool { return fields[key] == nil })
	if len(kinds) == 0 {
		r.fault(n, `a route has none of "upstream", "aggregate" and "respond"`)
		return
	}
	for _, second := range kinds[1:] {
		r.fault(fields[second], "a route has either %q or %q, not both", kinds[0], second)
	}
	if len(kinds) > 1 {
		return
	}
	switch kinds[0] {
	case "upstream":
		r.upstreamRoute(n, fields, upstreams, &out.Route)
	case "aggregate":
		r.aggregateRoute(n, fields, upstreams, out)
	default:
		r.respondRoute(fields, &out.Route)
	}
}

func (r *reader) upstreamRoute(n *yaml.Node, fields map[string]*yaml.Node, upstreams []Upstream, out *Route) {
	r.upstream(fields["upstream"], upstreams, out)
	if timeout := r.required(n, fields, "timeout", `a route with an upstream`); timeout != nil {
		r.timeout(timeout, out)
	}
	if body := fields["body"]; body != nil {
		r.bodyLimit(body, out)
	}
}

func (r *reader) respondRoute(fields map[string]*yaml.Node, out *Route) {
	r.respond(fields["respond"], out)
	for _, key := range []string{"timeout", "body"} {
		if value := fields[key]; value != nil {
			r.fault(value, `%q goes with "upstream": the gateway answers this route itself`, key)
		}
	}
}

func (r *reader) upstream(n *yaml.Node, upstreams []Upstream, out *Route) {
	slot, ok := r.text(n, "an upstream")
	if !ok {
		return
	}
	known := make([]string, len(upstreams))
	for i, u := range upstreams {
		known[i] = u.Slot
	}
	if !slices.Contains(known, slot) {
		r.fault(n, "no upstream is called %q%s", slot, suggest(slot, known))
		return
	}
	out.Upstream = slot
}

func (r *reader) respond(n *yaml.Node, out *Route) {
	known := []string{string(NotImplemented), string(OpenAPI), string(Docs)}
	text, ok := r.text(n, "respond")
	switch {
	case !ok:
	case !slices.Contains(known, text):
		r.fault(n, "the gateway has no answer called %q%s", text, suggest(text, known))
	default:
		out.Respond = Response(text)
	}
}

// clashes reports where a route gets in the way of one before it.
func (r *reader) clashes(p placed, earlier []placed) {
	for _, e := range earlier {
		if !p.valid || !e.valid {
			continue
		}
		if reason := p.pattern.ConflictWith(e.pattern); reason != "" {
			r.fault(p.node, "path %s gets in the way of %s on line %d: %s", p.Path, e.Path, e.node.Line, reason)
			continue
		}
		if both := claimedByBoth(p, e); both != "" {
			r.fault(p.node, "%s %s is routed already, on line %d", both, p.Path, e.node.Line)
		}
	}
}

// claimedByBoth returns the methods that two routes both claim for one path.
func claimedByBoth(p, q placed) string {
	if p.Path != q.Path {
		return ""
	}
	var both []string
	for _, method := range p.Methods {
		if slices.Contains(q.Methods, method) {
			both = append(both, method)
		}
	}
	return strings.Join(both, ", ")
}
