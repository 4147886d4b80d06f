package httpserver

import (
	"net/http"

	"github.com/glarimy/ums/shared/problem"
)

const (
	livez  = "/livez"
	readyz = "/readyz"
)

// isProbe tells requests that no client waits for. Their 503s, of every replica that starts or stops, are no errors.
func isProbe(r *http.Request) bool { return r.URL.Path == livez || r.URL.Path == readyz }

// probes answers /livez and /readyz beside the service's own handler. Live means that this process answers at all;
// ready, that it wants requests: it has what it needs and is not stopping.
func (s *Server) probes(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case livez:
			probe(w, r, "")
		case readyz:
			probe(w, r, s.unready())
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// unready returns why the server wants no requests, or "". What exactly the service waits for is for its log: it may
// tell of addresses.
func (s *Server) unready() string {
	switch {
	case s.draining.Load():
		return "The server is stopping."
	case s.service.Ready() != nil:
		return "The service is not ready yet; its log says what it waits for."
	default:
		return ""
	}
}

func probe(w http.ResponseWriter, r *http.Request, unready string) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		problem.Write(w, r, problem.New(problem.MethodNotAllowed, "Probes answer GET and HEAD."))
		return
	}
	if unready != "" {
		w.Header().Set("Retry-After", "1")
		problem.Write(w, r, problem.New(problem.Unavailable, unready))
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write([]byte(`{"status":"ok"}` + "\n"))
}
