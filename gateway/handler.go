package gateway

import (
	"net/http"
	"time"

	"github.com/glarimy/ums/gateway/proxy"
	"github.com/glarimy/ums/gateway/route"
	"github.com/glarimy/ums/shared/header"
	"github.com/glarimy/ums/shared/httpserver"
)

// ServeHTTP finds the request's route and has it served.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	rec := &recorder{ResponseWriter: w, start: time.Now()}
	counted := g.unrouted
	defer func() { counted.observe(r.Method, rec) }() // also when the answer breaks off by a panic

	id := requestID(rec, r)
	target, err := route.ParseTarget(rawTarget(r))
	if err != nil {
		refuseTarget(rec, r, err)
		return
	}
	path := g.table.Match(target.Path)
	if path == nil {
		refusePath(rec, r)
		return
	}
	e, ok := path.Value(r.Method)
	if !ok {
		answerMethods(rec, r, path.Allow())
		return
	}
	counted = e.traffic
	if e.proxy == nil {
		e.answer.ServeHTTP(rec, r)
		return
	}
	call := proxy.Call{Target: target, RequestID: id, BodyLimit: e.route.BodyLimit}
	if e.route.Timeout > 0 {
		call.Deadline = rec.start.Add(e.route.Timeout)
	} else {
		call.Stopping = g.streams
	}
	e.proxy.Forward(rec, r, call)
}

// requestID returns the id that the answer carries already, if the chassis has given it one, else the client's if it is
// valid, else a new one; and sees to it that the answer carries it.
func requestID(w http.ResponseWriter, r *http.Request) string {
	if id := w.Header().Get(header.RequestID); id != "" {
		return id
	}
	id := r.Header.Get(header.RequestID)
	if !httpserver.ValidRequestID(id) {
		id = httpserver.NewRequestID()
	}
	w.Header()[header.RequestID] = []string{id}
	return id
}

// rawTarget returns the request target as it came over the connection. Only a request that did not come over one has
// none.
func rawTarget(r *http.Request) string {
	if r.RequestURI == "" {
		return r.URL.RequestURI()
	}
	return r.RequestURI
}

// recorder remembers the status of an answer and when its first byte was sent.
type recorder struct {
	http.ResponseWriter
	start  time.Time
	status int           // 0 before the answer
	wait   time.Duration // from start to the answer's head
}

func (r *recorder) WriteHeader(status int) {
	if status >= http.StatusOK { // an interim answer is none yet
		r.answered(status)
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(p []byte) (int, error) {
	r.answered(http.StatusOK)
	return r.ResponseWriter.Write(p)
}

// Unwrap gives http.ResponseController what lies below.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

func (r *recorder) answered(status int) {
	if r.status == 0 {
		r.status, r.wait = status, time.Since(r.start)
	}
}
