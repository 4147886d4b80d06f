package gateway_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/glarimy/ums/gateway"
	"github.com/glarimy/ums/gateway/config"
	"github.com/glarimy/ums/gateway/edge"
	"github.com/glarimy/ums/shared/problem"
)

// started is a gateway that listens on loopback.
type started struct {
	addr     string
	registry *prometheus.Registry
	log      *syncBuffer
}

// start starts a gateway with the built-in routes, all of whose slots are filled by one upstream.
func start(tb testing.TB, upstreamURL string) *started {
	tb.Helper()
	return startWith(tb, mustLoad(tb, everySlotAt(upstreamURL)))
}

// startRoutes starts a gateway with the routes of loadRoutes.
func startRoutes(tb testing.TB, upstreamURL, routes string) *started {
	tb.Helper()
	return startWith(tb, loadRoutes(tb, upstreamURL, routes))
}

// loadRoutes loads routes given as YAML, which call their only upstream find.
func loadRoutes(tb testing.TB, upstreamURL, routes string) config.Config {
	tb.Helper()
	file := "version: 1\nupstreams: {find: {url: \"${FIND_URL}\"}}\nroutes:\n" + routes
	c, err := config.Load("gateway.yaml", []byte(file), func(string) (string, error) { return upstreamURL, nil })
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

func startWith(tb testing.TB, c config.Config) *started {
	tb.Helper()
	s := &started{registry: prometheus.NewPedanticRegistry(), log: new(syncBuffer)}
	logger := slog.New(slog.NewJSONHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	g, err := gateway.NewGateway(c, newBackends(tb, logger, s.registry), logger, s.registry, nil)
	if err != nil {
		tb.Fatal(err)
	}
	s.log.Reset() // of how access is configured
	l, err := edge.Listen(tb.Context(), "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	server := edge.NewServer(g, logger, edge.Limits{})
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	tb.Cleanup(func() {
		server.Close()
		if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
			tb.Errorf("the end: %v", err)
		}
		g.Close()
	})
	s.addr = l.Addr().String()
	return s
}

func newBackends(tb testing.TB, logger *slog.Logger, registerer prometheus.Registerer) *gateway.Backends {
	tb.Helper()
	b, err := gateway.NewBackends(logger, registerer, nil)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// refusedURL is the address of nobody. A port that was just free might be another test's by the time it is asked.
const refusedURL = "http://127.0.0.1:1"

// wantProblem checks that an answer is a problem of a kind, complete, and silent about what lies behind the gateway.
func wantProblem(tb testing.TB, res response, kind problem.Type, slot string) problem.Problem {
	tb.Helper()
	p := wantStatusProblem(tb, res, kind.Status())
	if p.Type != kind.URI() || p.Slot != slot {
		tb.Errorf("problem of type %q and slot %q, want %q and %q", p.Type, p.Slot, kind.URI(), slot)
	}
	return p
}

func wantStatusProblem(tb testing.TB, res response, status int) problem.Problem {
	tb.Helper()
	if res.StatusCode != status || res.Header.Get("Content-Type") != problem.ContentType {
		tb.Fatalf("answer %d %s %q, want a problem with %d", res.StatusCode, res.Header.Get("Content-Type"), res.body, status)
	}
	var p problem.Problem
	if err := json.Unmarshal(res.body, &p); err != nil {
		tb.Fatalf("%v: %q", err, res.body)
	}
	for name, want := range map[string]string{"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"} {
		if got := res.Header.Values(name); len(got) != 1 || got[0] != want {
			tb.Errorf("%s of a problem is %q, want %q", name, got, want)
		}
	}
	if p.Status != status || p.Detail == "" || p.RequestID == "" || p.RequestID != res.Header.Get("X-Request-Id") {
		tb.Errorf("the problem is incomplete: %s (X-Request-Id: %s)", res.body, res.Header.Get("X-Request-Id"))
	}
	if bytes.Contains(res.body, []byte("127.0.0.1")) {
		tb.Errorf("the problem tells an address: %s", res.body)
	}
	return p
}

// syncBuffer is a log that tests read while it is written.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.b.Reset()
}

// addr returns where the program whose log this is serves, once the log tells.
func (s *syncBuffer) addr() string {
	for text := range strings.Lines(s.String()) {
		var line struct{ Addr string }
		if json.Unmarshal([]byte(text), &line) == nil && line.Addr != "" {
			return line.Addr
		}
	}
	return ""
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// everySlotAt is an environment in which one upstream fills all slots.
func everySlotAt(url string) func(string) string {
	return environment(map[string]string{"FIND_URL": url, "ADD_URL": url, "SEARCH_URL": url, "JOURNAL_URL": url})
}

// mustLoad loads the built-in configuration.
func mustLoad(tb testing.TB, getenv func(string) string) config.Config {
	tb.Helper()
	c, err := gateway.LoadConfig("", getenv)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}
