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

// places tells where instances listen, by the addresses under which they are known. One that comes back listens elsewhere: its
// old port may be another program's by then. It is safe for concurrent use.
type places struct{ now sync.Map }

// nowhere is an address at which nobody listens.
const nowhere = "127.0.0.1:1"

func (p *places) move(known, to string) { p.now.Store(known, to) }

func (p *places) of(known string) string {
	if to, ok := p.now.Load(known); ok {
		return to.(string)
	}
	return known
}

func (p *places) newTransport(e upstream.Endpoint) any {
	return &http.Transport{
		MaxIdleConnsPerHost: 64,
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, p.of(e.Addr))
		},
	}
}

// probe is upstream.HTTPProbe, of where the instance is now.
func (p *places) probe(ctx context.Context, e upstream.Endpoint, path string) error {
	e.Addr = p.of(e.Addr)
	return upstream.HTTPProbe()(ctx, e, path)
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
	network := new(places)
	registry, err := upstream.NewRegistry(upstream.Options{
		Logger: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry(),
		Attach: network.newTransport, Probe: network.probe,
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
		deadline := time.After(30 * time.Second)
		for goal := served[n].Load() + more; served[n].Load() < goal; {
			select {
			case <-deadline:
				t.Fatalf("instance %d gets no requests", n)
			case <-time.After(time.Millisecond):
			}
		}
	}
	// kill ends a server as a crash would: no new connections, and the open ones break off.
	kill := func(n int) {
		network.move(servers[n].Listener.Addr().String(), nowhere)
		_ = servers[n].Listener.Close()
		_ = servers[n].Config.Close()
	}
	for n := range instances - 1 {
		progress(n, 100)
		kill(n)
	}
	progress(instances-1, 500)
	back := httptest.NewServer(answer(0))
	defer back.Close()
	network.move(servers[0].Listener.Addr().String(), back.Listener.Addr().String())
	progress(0, 100)
	kill(instances - 1)
	progress(0, 500)
	stop()
	running.Wait()
	t.Logf("%d requests, %d failed", requests.Load(), failed.Load())
}
