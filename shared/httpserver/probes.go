package httpserver

import (
	"errors"
	"net/http"

	"github.com/glarimy/ums/shared/problem"
)

var errDraining = errors.New("the server is stopping")

// probes answers /livez and /readyz beside the service's own handler. Live means that this process answers at all;
// ready, that it wants requests: it has what it needs and is not stopping.
func (s *Server) probes(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/livez":
			probe(w, r, nil)
		case "/readyz":
			err := s.service.Ready()
			if s.draining.Load() {
				err = errDraining
			}
			probe(w, r, err)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

func probe(w http.ResponseWriter, r *http.Request, err error) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		problem.Write(w, r, problem.New(problem.MethodNotAllowed, "Probes answer GET and HEAD."))
		return
	}
	if err != nil {
		w.Header().Set("Retry-After", "1")
		problem.Write(w, r, problem.New(problem.Unavailable, "Not ready: "+err.Error()+"."))
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write([]byte(`{"status":"ok"}` + "\n"))
}
