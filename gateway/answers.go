package gateway

import (
	"errors"
	"net/http"

	"github.com/glarimy/ums/gateway/config"
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

// respond answers a route that no upstream serves.
func (g *Gateway) respond(w http.ResponseWriter, r *http.Request, with config.Response) {
	switch with {
	case config.OpenAPI:
		g.openapi.ServeJSON(w, r)
	case config.Docs:
		g.openapi.ServePage(w, r)
	default:
		answerNotImplemented(w, r)
	}
}

func answerNotImplemented(w http.ResponseWriter, r *http.Request) {
	problem.Write(w, r, problem.New(problem.NotImplemented, "This path is reserved; nothing serves it."))
}
