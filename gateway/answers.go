package gateway

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/glarimy/ums/gateway/config"
	"github.com/glarimy/ums/gateway/exchange"
	"github.com/glarimy/ums/gateway/overview"
	"github.com/glarimy/ums/gateway/policy"
	"github.com/glarimy/ums/gateway/route"
	"github.com/glarimy/ums/gateway/upstream"
	"github.com/glarimy/ums/shared/header"
	"github.com/glarimy/ums/shared/problem"
)

// refuse answers a request with a problem.
func refuse(x *exchange.Exchange, p problem.Problem) {
	x.Respond(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { problem.Write(w, r, p) }))
}

// refuseTarget answers a request whose target no route is even looked up for.
func refuseTarget(x *exchange.Exchange, err error) {
	detail := "The request target cannot be read."
	if refused, ok := errors.AsType[*route.TargetError](err); ok {
		detail = "The request target was refused: " + refused.Reason + "."
	}
	refuse(x, problem.New(problem.InvalidRequestTarget, detail))
}

func refusePath(x *exchange.Exchange) {
	refuse(x, problem.New(problem.RouteNotFound,
		"Nothing is served at this path. Paths are compared as they are sent, slash by slash."))
}

// answerMethods answers a method that no slot takes at a path that some slot serves: OPTIONS among them, and with it the
// browsers that ask what a page may send.
func (g *Gateway) answerMethods(x *exchange.Exchange, allow string) {
	if x.Method == http.MethodOptions {
		add := func(name, value string) { addFresh(x, name, value) }
		if !g.guard.cors.Preflight(x.Method, x.Get, allow, add) {
			g.guard.cors.Apply(x.Get("Origin"), add)
		}
	}
	x.Fresh = append(x.Fresh, exchange.Field{Name: "Allow", Value: allow})
	if x.Method == http.MethodOptions {
		x.Respond(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
		return
	}
	refuse(x, problem.New(problem.MethodNotAllowed, "This path takes "+allow+"."))
}

// respond has a handler of the gateway's own answer. It is told who asks by what the gateway says of it, and not by what the
// client claims.
func (g *Gateway) respond(x *exchange.Exchange, h http.Handler) {
	x.Respond(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name := range r.Header {
			if policy.Stripped(name) || g.guard.keepsBack(name) {
				delete(r.Header, name)
			}
		}
		for _, f := range x.Upstream {
			r.Header.Set(f.Name, f.Value)
		}
		r.Header.Set(header.RequestID, x.RequestID)
		h.ServeHTTP(w, r)
	}))
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
	return overview.New(c, r, overview.Options{Upstream: upstream, OnFailure: g.partFailed})
}

// partFailed counts and logs the failure of a part as that of a request. An answer that cannot be used counts as broken.
func (g *Gateway) partFailed(_ context.Context, f overview.Failure) {
	kind := Broken
	switch f.Kind {
	case overview.Unavailable:
		kind = Unavailable
	case overview.Timeout:
		kind = Timeout
	case overview.Broken, overview.Invalid:
	}
	if _, isRefused := errors.AsType[*upstream.RefusedError](f.Err); isRefused {
		kind = Refused
	}
	g.report(g.slots[f.Slot], kind, f.RequestID, fmt.Errorf("the part %s is %s: %w", f.Part, f.Kind, f.Err))
}

func answerNotImplemented(w http.ResponseWriter, r *http.Request) {
	problem.Write(w, r, problem.New(problem.NotImplemented, "This path is reserved; nothing serves it."))
}
