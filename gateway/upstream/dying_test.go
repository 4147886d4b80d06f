package upstream_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/glarimy/ums/gateway/config"
	"github.com/glarimy/ums/gateway/upstream"
)

// client is the smallest gateway: it sends a request to an instance, and again to another as Call says.
type client struct {
	upstream *upstream.Upstream
}

func newTransport(e upstream.Endpoint) any {
	return &http.Transport{
		MaxIdleConnsPerHost: 64,
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, e.Addr)
		},
	}
}

func (cl *client) do(ctx context.Context, method string) error {
	var c upstream.Call
	if err := cl.upstream.Begin(&c); err != nil {
		return err
	}
	for {
		i, err := c.Pick()
		if err != nil {
			return err
		}
		status, err := exchange(ctx, i, method)
		if err == nil {
			c.Answered(status)
			c.End(upstream.Answered)
			if status != http.StatusOK {
				return fmt.Errorf("status %d", status)
			}
			return nil
		}
		outcome := upstream.Broken
		if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
			outcome = upstream.ConnectFailed
		}
		if !c.Failed(upstream.Attempt{Method: method, Replayable: true, Outcome: outcome}) {
			return fmt.Errorf("%s: %w", outcome, err)
		}
	}
}

// exchange sends one request to one instance. GetBody is not set, so that the transport sends nothing twice by itself.
func exchange(ctx context.Context, i *upstream.Instance, method string) (int, error) {
	request, err := http.NewRequestWithContext(ctx, method, "http://"+i.Endpoint().Host+"/", io.NopCloser(strings.NewReader("x")))
	if err != nil {
		return 0, err
	}
	response, err := i.Attached().(*http.Transport).RoundTrip(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return response.StatusCode, err
}

// TestCall_dyingInstances: while requests run, the instances die one after the other, in the midst of what they do, until
// one is left; one comes back, and the last one dies. No request fails.
func TestCall_dyingInstances(t *testing.T) {
	t.Parallel()
	const instances, clients = 5, 8
	var served [instances]atomic.Int64
	answer := func(n int) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			served[n].Add(1)
			_, _ = io.WriteString(w, "ok")
		})
	}
	c := config.Upstream{Slot: "find", Resilience: config.DefaultResilience()}
	c.Resilience.Health.Interval = 20 * time.Millisecond
	c.Resilience.Ejection.Time = 50 * time.Millisecond
	c.Resilience.Ejection.SlowStart = 100 * time.Millisecond
	c.Resilience.Retries.Attempts = instances
	servers := make([]*httptest.Server, instances)
	for n := range servers {
		servers[n] = httptest.NewServer(answer(n))
		u, _ := url.Parse(servers[n].URL)
		c.URLs = append(c.URLs, u)
	}
	registry, err := upstream.NewRegistry(upstream.Options{
		Logger: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry(), Attach: newTransport,
	})
	if err != nil {
		t.Fatal(err)
	}
	upstreams, release := registry.Use(t.Context(), []config.Upstream{c})
	defer release()

	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	var requests, failed atomic.Int64
	for range clients {
		running.Go(func() {
			for ctx.Err() == nil {
				requests.Add(1)
				if err := (&client{upstream: upstreams["find"]}).do(t.Context(), http.MethodGet); err != nil {
					failed.Add(1)
					t.Errorf("request: %v", err)
					return
				}
			}
		})
	}
	// progress waits until an instance has served so many more requests.
	progress := func(n int, more int64) {
		deadline := time.After(20 * time.Second)
		for goal := served[n].Load() + more; served[n].Load() < goal; {
			select {
			case <-deadline:
				t.Fatalf("instance %d gets no requests", n)
			case <-time.After(time.Millisecond):
			}
		}
	}
	for n := range instances - 1 {
		progress(n, 100)
		kill(servers[n])
	}
	progress(instances-1, 500)
	back := revive(t, servers[0], answer(0))
	defer kill(back)
	progress(0, 100)
	kill(servers[instances-1])
	progress(0, 500)
	stop()
	running.Wait()
	t.Logf("%d requests, %d failed", requests.Load(), failed.Load())
}

// kill ends a server as a crash would: no new connections, and the open ones break off.
func kill(s *httptest.Server) {
	_ = s.Listener.Close()
	_ = s.Config.Close()
}

// revive starts a server anew at its old address.
func revive(t *testing.T, s *httptest.Server, h http.Handler) *httptest.Server {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	again := httptest.NewUnstartedServer(h)
	_ = again.Listener.Close()
	again.Listener = listener
	again.Start()
	return again
}
