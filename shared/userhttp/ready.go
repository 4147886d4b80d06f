package userhttp

import (
	"net/http"

	"github.com/glarimy/ums/shared/problem"
	"github.com/glarimy/ums/shared/schema"
)

// WhenReady lets requests through to next once the gate is open. Not everybody asks /readyz first, and a service must not
// touch a schema that it does not know. A request that comes before the gate has looked has it look.
func WhenReady(gate *schema.Gate, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if gate.Ready() != nil && gate.Check(r.Context()) != nil && gate.Ready() != nil {
			w.Header().Set("Retry-After", "1")
			problem.Write(w, r, problem.New(problem.Unavailable, "The service is not ready yet. Try again in a moment."))
			return
		}
		next.ServeHTTP(w, r)
	})
}
