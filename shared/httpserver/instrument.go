package httpserver

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/glarimy/ums/shared/header"
	"github.com/glarimy/ums/shared/problem"
)

// instrumented gives every request an id and a deadline, and counts, times and logs it.
type instrumented struct {
	server   *Server
	next     http.Handler
	duration *prometheus.HistogramVec
	inFlight prometheus.Gauge
	every    uint64 // log one request in so many; 0: none
	seen     atomic.Uint64
}

func (s *Server) instrument(next http.Handler) (http.Handler, error) {
	every, err := s.config.LogEvery()
	if err != nil {
		return nil, err
	}
	h := &instrumented{
		server:   s,
		next:     next,
		duration: RequestDuration(s.service.Name),
		inFlight: prometheus.NewGauge(RequestsInFlight(s.service.Name)),
		every:    every,
	}
	for _, c := range []prometheus.Collector{h.duration, h.inFlight} {
		if err := s.service.Registry.Register(c); err != nil {
			return nil, fmt.Errorf("register the metrics of %s: %w", s.service.Name, err)
		}
	}
	return h, nil
}

func (h *instrumented) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	rec := recorder{ResponseWriter: w}
	id := r.Header.Get(header.RequestID)
	if !ValidRequestID(id) {
		id = NewRequestID()
		r.Header.Set(header.RequestID, id)
	}
	w.Header()[header.RequestID] = []string{id}
	if h.server.draining.Load() {
		w.Header().Set("Connection", "close")
	}
	h.inFlight.Inc()
	defer h.done(&rec, r, start)
	if h.server.service.Edge {
		r.Header.Del(header.Deadline)
	}
	if r, cancel, limited := withDeadline(r, start); limited {
		defer cancel()
		h.next.ServeHTTP(&rec, r)
		return
	}
	h.next.ServeHTTP(&rec, r)
}

// withDeadline applies the time that the gateway says is left.
func withDeadline(r *http.Request, start time.Time) (*http.Request, context.CancelFunc, bool) {
	left := r.Header.Get(header.Deadline)
	if left == "" {
		return r, nil, false
	}
	ms, err := strconv.ParseUint(left, 10, 31)
	if err != nil {
		return r, nil, false
	}
	ctx, cancel := context.WithDeadline(r.Context(), start.Add(time.Duration(ms)*time.Millisecond))
	return r.WithContext(ctx), cancel, true
}

// done also ends a panic: the client gets a problem if it has nothing yet, and the log gets the stack.
func (h *instrumented) done(rec *recorder, r *http.Request, start time.Time) {
	p := recover()
	aborted := p == any(http.ErrAbortHandler)
	if p != nil && !aborted {
		h.panicked(rec, r, p)
	}
	h.inFlight.Dec()
	h.observe(rec, r, time.Since(start))
	if aborted || rec.broken {
		panic(http.ErrAbortHandler)
	}
}

func (h *instrumented) panicked(rec *recorder, r *http.Request, p any) {
	h.server.logger.ErrorContext(r.Context(), "panic",
		"request_id", r.Header.Get(header.RequestID), "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
	if rec.status != 0 {
		rec.broken = true // half an answer is out: break it off rather than let it look whole
		return
	}
	for name := range rec.Header() { // those of the answer that was to be
		if name != header.RequestID && name != "Connection" {
			rec.Header().Del(name)
		}
	}
	problem.Write(rec, r, problem.New(problem.Internal, "The request ended in an error of the server's."))
}

func (h *instrumented) observe(rec *recorder, r *http.Request, took time.Duration) {
	status := rec.statusOrOK()
	if !isProbe(r) {
		h.duration.WithLabelValues(method(r.Method), strconv.Itoa(status)).Observe(took.Seconds())
	}
	if h.every == 0 || status < http.StatusInternalServerError && h.seen.Add(1)%h.every != 0 {
		return
	}
	level := slog.LevelInfo
	if status >= http.StatusInternalServerError {
		level = slog.LevelWarn
	}
	h.server.logger.LogAttrs(r.Context(), level, "request",
		slog.String("request_id", r.Header.Get(header.RequestID)),
		slog.String("method", r.Method),
		slog.String("path", r.URL.EscapedPath()), // without the query, which may hold phone numbers
		slog.Int("status", status),
		slog.Int64("bytes", rec.bytes),
		slog.Duration("took", took))
}

// method keeps invented methods out of the labels.
func method(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
		http.MethodOptions:
		return m
	default:
		return "other"
	}
}

// recorder remembers what was answered.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
	broken bool // the answer must not end as if it were whole
}

func (r *recorder) WriteHeader(status int) {
	if status >= http.StatusOK { // 1xx are not the answer yet
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	n, err := r.ResponseWriter.Write(b)
	r.bytes += int64(n)
	return n, err
}

// WriteString spares [io.WriteString] the copy.
func (r *recorder) WriteString(s string) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	n, err := io.WriteString(r.ResponseWriter, s)
	r.bytes += int64(n)
	return n, err
}

// FlushError is what [http.ResponseController] flushes by. It sends the header, if that is not out yet.
func (r *recorder) FlushError() error {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	return http.NewResponseController(r.ResponseWriter).Flush()
}

// Unwrap gives [http.ResponseController] what lies below.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

func (r *recorder) statusOrOK() int {
	if r.status == 0 {
		return http.StatusOK
	}
	return r.status
}
