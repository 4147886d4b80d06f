package gateway_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/glarimy/ums/gateway"
	"github.com/glarimy/ums/shared/httpserver"
	"github.com/glarimy/ums/shared/problem"
)

// TestDrain checks a stop: unready at once, every answer ends its connection, and what is in flight is finished.
func TestDrain(t *testing.T) {
	t.Parallel()
	begun, finish := make(chan struct{}, 4), make(chan struct{})
	upstream := newRawUpstreamFunc(t, func(conn net.Conn, _ *bufio.Reader) bool {
		begun <- struct{}{}
		<-finish
		_, err := io.WriteString(conn, okAnswer)
		return err == nil
	})
	delay, over := make(chan time.Duration, 1), make(chan time.Time)
	service, end := serveUntil(t, everySlotAt(upstream.url), func(c *httpserver.Config, d *gateway.Dependencies) {
		c.ShutdownDelay = time.Hour
		d.After = func(wait time.Duration) <-chan time.Time { delay <- wait; return over }
	})
	inFlight, idle := dialRaw(t, service.Addr()), dialRaw(t, service.Addr())
	idle.write(t, "GET /livez HTTP/1.1\r\nHost: h\r\n\r\n")
	if res, err := idle.read(http.MethodGet); err != nil || res.Close {
		t.Fatalf("%+v, %v", res.Response, err)
	}
	inFlight.write(t, getUser)
	<-begun
	ended := make(chan error, 1)
	go func() { ended <- end() }()
	if got := <-delay; got != time.Hour {
		t.Errorf("the delay is %s", got)
	}
	wantProblem(t, roundTrip(t, service.Addr(), "GET /readyz HTTP/1.1\r\nHost: h\r\n\r\n"), problem.Unavailable, "")
	if res := roundTrip(t, service.Addr(), "GET /livez HTTP/1.1\r\nHost: h\r\n\r\n"); res.StatusCode != http.StatusOK || !res.Close {
		t.Errorf("%d, close = %t during the delay", res.StatusCode, res.Close)
	}
	close(over)
	waitFor(t, func() bool {
		conn, err := net.Dial("tcp", service.Addr())
		if err == nil {
			_ = conn.Close()
		}
		return err != nil
	})
	close(finish)
	if res, err := inFlight.read(http.MethodGet); err != nil || res.StatusCode != http.StatusOK || !res.Close {
		t.Errorf("in flight: %+v, %v", res.Response, err)
	}
	if err := <-ended; err != nil {
		t.Errorf("the end: %v", err)
	}
}

// TestApply swaps configurations under load: no request is lost, and each is answered by the one or the other.
func TestApply(t *testing.T) {
	t.Parallel()
	const requests = 300
	one, two := newRawUpstream(t, okAnswer), newRawUpstream(t, okAnswer)
	service, _ := serveUntil(t, everySlotAt(one.url))
	var clients sync.WaitGroup
	for range 4 {
		clients.Go(func() {
			client := dialRaw(t, service.Addr())
			for range requests {
				client.write(t, "%s", getUser)
				if res, err := client.read(http.MethodGet); err != nil || res.StatusCode != http.StatusOK {
					t.Errorf("%+v, %v", res.Response, err)
					return
				}
			}
		})
	}
	for i := range 50 {
		url := one.url
		if i%2 == 0 {
			url = two.url
		}
		if err := service.Apply(mustLoad(t, everySlotAt(url))); err != nil {
			t.Fatal(err)
		}
	}
	clients.Wait()
	if got := len(one.requests()) + len(two.requests()); got != 4*requests {
		t.Errorf("%d requests arrived, want %d", got, 4*requests)
	}
}
