// Package overview answers a request with the answers of several services, which it asks at the same time.
//
// What the answer looks like is the configuration's to say, and never depends on who answers first: its members are the
// parts' keys in the order of the file, and each belongs to one part. `parts` tells of every part with which status it
// ended, and what its own problem was (RFC 9457) if it has none to show. A part that is required decides for all: its
// problem is then the answer.
package overview

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/glarimy/ums/gateway/config"
	"github.com/glarimy/ums/gateway/route"
	"github.com/glarimy/ums/shared/header"
	"github.com/glarimy/ums/shared/problem"
)

// Options are what a [Handler] is given beside the configuration. All of them are required.
type Options struct {
	// Upstream returns the way to the service of a slot. A RoundTripper that does not heed the request's context delays
	// nobody, but goes on for nothing.
	Upstream func(slot string) http.RoundTripper
	// OnFailure is told of every part for whose failure the gateway speaks, which services cannot count. It may be called
	// concurrently.
	OnFailure func(context.Context, Failure)
}

// Handler answers the requests of one route that has an aggregate. It is safe for concurrent use.
//
// It passes on what a request's headers say of its trace, its actor and their scopes: whoever calls it has removed from
// them what a client may not say. The request's id is taken from the answer's header, where the gateway has put it.
type Handler struct {
	pattern   route.Pattern
	parts     []part
	timeout   time.Duration
	onFailure func(context.Context, Failure)
}

// New returns the handler of a route of c. The error says what is wrong with a configuration that config.Load has not
// seen.
func New(c config.Config, r config.Route, o Options) (*Handler, error) {
	pattern, err := route.ParsePattern(r.Path)
	if err != nil {
		return nil, fmt.Errorf("route %s: %w", r.Path, err)
	}
	h := &Handler{pattern: pattern, timeout: r.Timeout, onFailure: o.OnFailure}
	for _, p := range r.Aggregate {
		template, err := route.ParseTemplate(p.Path)
		if err != nil {
			return nil, fmt.Errorf("part %s of the route %s: %w", p.Name, r.Path, err)
		}
		upstream, ok := c.Upstream(p.Upstream)
		if !ok {
			return nil, fmt.Errorf("part %s of the route %s: no upstream is called %q", p.Name, r.Path, p.Upstream)
		}
		h.parts = append(h.parts, part{Part: p, template: template, base: baseOf(upstream), transport: o.Upstream(p.Upstream)})
	}
	return h, nil
}

// ServeHTTP answers a GET or a HEAD.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	values, ok := h.values(r)
	if !ok { // the table has matched the same pattern
		problem.Write(w, r, problem.New(problem.RouteNotFound, "Nothing is served at this path."))
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), h.timeout)
	defer cancel() // who is still asked need not go on
	asked := asking{values: values, headers: passedOn(w, r), inbound: r}
	pending := make([]*pendingPart, len(h.parts))
	for i := range h.parts {
		pending[i] = h.parts[i].ask(ctx, asked)
	}
	outcomes := make([]outcome, len(pending))
	// The first of the required parts, in the file's order, decides; only then is there a need to wait for the others.
	for _, required := range []bool{true, false} {
		for i, p := range pending {
			if h.parts[i].Required != required {
				continue
			}
			outcomes[i] = p.wait()
			if r.Context().Err() != nil {
				w.WriteHeader(statusClientGone)
				return
			}
			h.report(r.Context(), asked, outcomes[i])
			if required && outcomes[i].failed() {
				outcomes[i].refuse(w, r)
				return
			}
		}
	}
	h.answer(w, r, outcomes)
}

// statusClientGone tells the access log why there was no answer, as nginx does; nobody receives it.
const statusClientGone = 499

func (h *Handler) report(ctx context.Context, asked asking, o outcome) {
	if o.failure == nil {
		return
	}
	f := *o.failure
	f.RequestID = asked.headers.Get(header.RequestID)
	h.onFailure(ctx, f)
}

// values returns the raw segments of the request's path that the parts may need.
func (h *Handler) values(r *http.Request) (map[string]string, bool) {
	raw := r.RequestURI
	if raw == "" { // it did not come over a connection
		raw = r.URL.RequestURI()
	}
	target, err := route.ParseTarget(raw)
	if err != nil {
		return nil, false
	}
	return h.pattern.Capture(target.Path)
}

// passedOn returns the headers that every part is sent. Conditions stay behind, since they are about the whole, and so do
// ranges, languages and whatever else might give one part a form that the others do not have.
func passedOn(w http.ResponseWriter, r *http.Request) http.Header {
	h := http.Header{"Accept": {"application/json"}, "User-Agent": {"ums-gateway"}}
	for _, name := range []string{header.Traceparent, "Tracestate", header.Actor, header.Scopes, header.RequestID} {
		if values := r.Header.Values(name); len(values) > 0 {
			h[name] = values
		}
	}
	if id := w.Header().Get(header.RequestID); id != "" {
		h.Set(header.RequestID, id)
	}
	return h
}

// Kind is what happened to a part for which the gateway has to speak.
type Kind string

// The kinds of failure.
const (
	Unavailable Kind = "unavailable" // no connection could be opened: the request reached nobody
	Timeout     Kind = "timeout"     // no whole answer in time
	Broken      Kind = "broken"      // the connection ended, or what came over it was not HTTP
	Invalid     Kind = "invalid"     // an answer that cannot be used
)

// Failure is one part that failed without a problem of its service's own. The error is for operators.
type Failure struct {
	Slot      string
	Part      string
	Kind      Kind
	RequestID string
	Err       error
}

var errTooLarge = errors.New("the answer is larger than the part's limit")
