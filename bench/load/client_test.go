package load_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/glarimy/ums/bench/load"
)

// counter is a server that counts what it is asked for, and that answers a path that ends in "missing" with 404.
type counter struct {
	mu    sync.Mutex
	asked map[string]int64
}

func (c *counter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.asked == nil {
		c.asked = map[string]int64{}
	}
	c.asked[r.URL.Path]++
	if strings.HasSuffix(r.URL.Path, "missing") {
		http.NotFound(w, r)
		return
	}
	_, _ = w.Write([]byte(`{"name":"KrishnaMohan"}`))
}

func (c *counter) count(path string) int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.asked[path]
}

func start(t *testing.T, h http.Handler, connections int, paths ...string) *load.Client {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	client, err := load.Dial(t.Context(), server.Listener.Addr().String(), connections, paths)
	if err != nil {
		t.Fatalf("Dial: %v", err)
	}
	t.Cleanup(func() { _ = client.Close() }) // some tests end with a broken one
	return client
}

func TestRunCountsWhatTheServerAnswered(t *testing.T) {
	t.Parallel()
	var server counter
	client := start(t, &server, 3, "/a", "/b", "/c", "/missing")
	var requests, failed int64
	for range 2 {
		r, err := client.Run(t.Context(), 50*time.Millisecond)
		if err != nil {
			t.Fatalf("Run: %v", err)
		}
		if r.Requests == 0 || r.Elapsed < 50*time.Millisecond {
			t.Errorf("got %d requests in %v, want some in 50 ms", r.Requests, r.Elapsed)
		}
		if got, want := r.PerSecond(), float64(r.Requests)/r.Elapsed.Seconds(); got != want {
			t.Errorf("requests/s: got %v, want %v", got, want)
		}
		requests += r.Requests
		failed += r.Failed
	}
	a, b, c, missing := server.count("/a"), server.count("/b"), server.count("/c"), server.count("/missing")
	if got, want := requests, a+b+c+missing; got != want {
		t.Errorf("requests: got %d, want %d as the server has counted", got, want)
	}
	if got, want := failed, missing; got != want {
		t.Errorf("failed: got %d, want %d as the server has counted", got, want)
	}
	if low, high := min(a, b, c, missing), max(a, b, c, missing); high-low > 3 {
		t.Errorf("paths: got %d to %d requests each, want as many of each, but for one per connection", low, high)
	}
}

func TestRunMeasuresUntilTheWholeAnswerIsThere(t *testing.T) {
	t.Parallel()
	const pause = 20 * time.Millisecond
	client := start(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "2")
		_, _ = w.Write([]byte("o"))
		_ = http.NewResponseController(w).Flush()
		<-time.After(pause)
		_, _ = w.Write([]byte("k"))
	}), 1, "/")
	r, err := client.Run(t.Context(), 5*pause)
	if err != nil {
		t.Fatalf("Run: %v", err)
	}
	if got := r.Percentile(0); got < pause {
		t.Errorf("shortest latency: got %v, want at least %v", got, pause)
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	asked, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	client := start(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		once.Do(func() { close(asked) })
		<-release
	}), 1, "/")
	t.Cleanup(func() { close(release) })
	go func() {
		<-asked
		cancel()
	}()
	if _, err := client.Run(ctx, time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("Run: got error %v, want %v", err, context.Canceled)
	}
}

func TestDialRefusesNothingToDo(t *testing.T) {
	t.Parallel()
	for name, call := range map[string]func() (*load.Client, error){
		"no connection": func() (*load.Client, error) { return load.Dial(t.Context(), "127.0.0.1:1", 0, []string{"/"}) },
		"no path":       func() (*load.Client, error) { return load.Dial(t.Context(), "127.0.0.1:1", 1, nil) },
		"no server":     func() (*load.Client, error) { return load.Dial(t.Context(), "127.0.0.1:1", 1, []string{"/"}) },
	} {
		if _, err := call(); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
}
