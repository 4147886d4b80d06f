package gateway

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/glarimy/ums/gateway/config"
	"github.com/glarimy/ums/gateway/overview"
	"github.com/glarimy/ums/gateway/policy"
	"github.com/glarimy/ums/gateway/proxy"
	"github.com/glarimy/ums/gateway/route"
	"github.com/glarimy/ums/shared/problem"
)

// refuseTarget answers a request whose target no route is even looked up for.
func refuseTarget(w http.ResponseWriter, r *http.Request, err error) {
	detail := "The request target cannot be read."
	if refused, ok := errors.AsType[*route.TargetError](err); ok {
		detail = "The request target was refused: " + refused.Reason + "."
	}
	problem.Write(w, r, problem.New(problem.InvalidRequestTarget, detail))
}

func refusePath(w http.ResponseWriter, r *http.Request) {
	problem.Write(w, r, problem.New(problem.RouteNotFound,
		"Nothing is served at this path. Paths are compared as they are sent, slash by slash."))
}

// answerMethods answers a method that no slot takes at a path that some slot serves.
func answerMethods(w http.ResponseWriter, r *http.Request, allow string) {
	w.Header().Set("Allow", allow)
	if r.Method == http.MethodOptions {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	problem.Write(w, r, problem.New(problem.MethodNotAllowed, "This path takes "+allow+"."))
}

// ownAnswer returns what answers a route that no single upstream serves.
func (g *Gateway) ownAnswer(
	c config.Config, r config.Route, upstream func(slot string) http.RoundTripper,
) (http.Handler, error) {
	switch {
	case r.Respond == config.OpenAPI:
		return http.HandlerFunc(g.openapi.ServeJSON), nil
	case r.Respond == config.Docs:
		return http.HandlerFunc(g.openapi.ServePage), nil
	case r.Respond == config.NotImplemented:
		return http.HandlerFunc(answerNotImplemented), nil
	case len(r.Aggregate) == 0:
		return nil, fmt.Errorf("route %s: no upstream is called %q", r.Path, r.Upstream)
	}
	handler, err := overview.New(c, r, overview.Options{Upstream: upstream, OnFailure: g.partFailed})
	if err != nil {
		return nil, err
	}
	return withoutClaims(handler), nil
}

// withoutClaims removes from a request what its client may not say.
func withoutClaims(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		clean := *r
		clean.Header = r.Header.Clone()
		policy.StripRequest(clean.Header)
		next.ServeHTTP(w, &clean)
	})
}

// partFailed counts and logs the failure of a part as that of a request. An answer that cannot be used counts as broken.
func (g *Gateway) partFailed(ctx context.Context, f overview.Failure) {
	kind := proxy.Broken
	switch f.Kind {
	case overview.Unavailable:
		kind = proxy.Unavailable
	case overview.Timeout:
		kind = proxy.Timeout
	case overview.Broken, overview.Invalid:
	}
	g.failed(ctx, proxy.Failure{
		Slot: f.Slot, Kind: kind, RequestID: f.RequestID, Err: fmt.Errorf("the part %s is %s: %w", f.Part, f.Kind, f.Err),
	})
}

func answerNotImplemented(w http.ResponseWriter, r *http.Request) {
	problem.Write(w, r, problem.New(problem.NotImplemented, "This path is reserved; nothing serves it."))
}
