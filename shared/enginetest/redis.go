package enginetest

import (
	"context"
	"net/url"
	"testing"
	"time"

	"github.com/glarimy/ums/shared/enginetest/internal/engine"
)

// controlWait bounds each stop and start of a running test.
const controlWait = 2 * time.Minute

// RedisServer is a Redis that one test has to itself. Its methods are for one goroutine at a time.
type RedisServer struct {
	// URL has the form of REDIS_URL: redis://127.0.0.1:port/database.
	URL string
	// Addr is the host and port of URL.
	Addr string
	// Engine is the product and its version as the server tells them: "Redis 8.0.2".
	Engine string

	server *engine.Server
}

// Redis gives tb an empty Redis of its own, which is gone when tb ends: a server, or with TEST_REDIS_URL one of the
// numbered databases of that server, lent to one test at a time and reached through a forwarder that Stop and Pause act
// on. Therefore tb keeps to its database: no SELECT, FLUSHALL (but FLUSHDB), CONFIG SET or CLIENT PAUSE.
func Redis(tb testing.TB) *RedisServer {
	tb.Helper()
	server := start(tb, "Redis", &process().redis)
	tb.Cleanup(func() {
		if err := server.Close(); err != nil {
			tb.Errorf("end the test's Redis: %v", err)
		}
	})
	u, err := url.Parse(server.URL)
	if err != nil {
		tb.Fatal(err)
	}
	return &RedisServer{URL: server.URL, Addr: u.Host, Engine: server.Engine, server: server}
}

// Stop ends the server: connections break and new ones are refused.
func (r *RedisServer) Stop(tb testing.TB) {
	tb.Helper()
	control(tb, "stop Redis", r.server.Kill)
}

// Start starts a stopped server on the same address. It is empty.
func (r *RedisServer) Start(tb testing.TB) {
	tb.Helper()
	control(tb, "start Redis", r.server.Start)
}

// Pause makes the server hang: connections stay open, new ones may be accepted, nothing answers.
func (r *RedisServer) Pause(tb testing.TB) {
	tb.Helper()
	control(tb, "pause Redis", r.server.Pause)
}

// Resume ends a pause. What clients sent meanwhile is carried out.
func (r *RedisServer) Resume(tb testing.TB) {
	tb.Helper()
	control(tb, "resume Redis", r.server.Resume)
}

// control does one thing to a server and ends tb if it fails.
func control(tb testing.TB, what string, do func(context.Context) error) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(tb.Context()), controlWait)
	defer cancel()
	if err := do(ctx); err != nil {
		tb.Fatalf("%s: %v", what, err)
	}
}
