// Package userhttp is what the services' HTTP handlers have in common: routing by opaque path segments, reading names and
// bodies, and the one table from errors to problems.
package userhttp

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/gorilla/mux"

	"github.com/glarimy/ums/shared/problem"
)

// Router is a [mux.Router] that takes a path as the client sent it: a segment is one opaque, percent-encoded text,
// nothing is cleaned and nobody is redirected. What no route takes is answered with a problem.
type Router struct {
	*mux.Router
}

// NewRouter returns a router without routes.
func NewRouter() *Router {
	router := mux.NewRouter().UseEncodedPath().SkipClean(true)
	router.NotFoundHandler = http.HandlerFunc(notFound)
	router.MethodNotAllowedHandler = methodNotAllowed(router)
	return &Router{Router: router}
}

// ServeHTTP implements [http.Handler].
func (router *Router) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if raw := r.URL.RawPath; raw != "" && raw != r.URL.EscapedPath() {
		// net/url does not keep a raw path in which something should have been escaped, and would take the slash that
		// is escaped in it for one that is not.
		r.URL.RawPath = escape(raw)
	}
	router.Router.ServeHTTP(w, r)
}

// escape percent-encodes what no path may hold as it is (RFC 3986, section 3.3), such as the letters beyond ASCII that
// curl sends as they are.
func escape(raw string) string {
	var b strings.Builder
	for i := range len(raw) {
		if c := raw[i]; c <= ' ' || c >= 0x7f || strings.IndexByte("\"<>\\^`{|}", c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

func notFound(w http.ResponseWriter, r *http.Request) {
	problem.Write(w, r, problem.New(problem.RouteNotFound, "There is nothing at this path."))
}

func methodNotAllowed(router *mux.Router) http.Handler {
	methods := []string{
		http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var allowed []string
		for _, m := range methods {
			probe := *r
			probe.Method = m
			if match := (mux.RouteMatch{}); router.Match(&probe, &match) && match.MatchErr == nil {
				allowed = append(allowed, m)
			}
		}
		allow := strings.Join(allowed, ", ")
		w.Header().Set("Allow", allow)
		problem.Write(w, r, problem.New(problem.MethodNotAllowed, fmt.Sprintf("This path takes %s.", allow)))
	})
}
