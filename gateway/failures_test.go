package gateway_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/glarimy/ums/shared/problem"
)

const getUser = "GET /user/x HTTP/1.1\r\nHost: h\r\n\r\n"

const (
	soon  = 150 * time.Millisecond // a timeout that a test can wait for
	ample = time.Minute            // a timeout that a machine which stands still for a while keeps, too
)

// routesWithin returns routes whose answers have so much time to begin, and one whose answers have any.
func routesWithin(timeout time.Duration) string {
	return fmt.Sprintf(`
  - {path: "/user/{name}", methods: [GET], upstream: find, timeout: %[1]s}
  - {path: /user, methods: [POST], upstream: find, timeout: %[1]s, body: 1MiB}
  - {path: /stream, methods: [GET], upstream: find, timeout: none}
`, timeout)
}

// timeoutsFrom has a test try one timeout after the other, each four times as long, for as long as it says that one was over
// too soon, before what the test is about: on a machine that stands still, a connection alone may take longer.
func timeoutsFrom(tb testing.TB, timeout time.Duration, try func(timeout time.Duration) (over bool)) {
	tb.Helper()
	for ; try(timeout); timeout *= 4 {
		if 4*timeout > ample {
			tb.Fatalf("even a timeout of %s is over too soon", timeout)
		}
	}
}

func TestFailures_refused(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ url, request string }{
		"GET":  {refusedURL, getUser},
		"POST": {refusedURL, "POST /user HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}"},
		"name": {"http://no-such-host.invalid:1", getUser},
		"TLS":  {strings.Replace(newRawUpstream(t, okAnswer).url, "http:", "https:", 1), getUser},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := startRoutes(t, tt.url, routesWithin(ample))
			res := roundTrip(t, g.addr, tt.request)
			p := wantProblem(t, res, problem.UpstreamUnavailable, "find")
			if res.Header.Get("Retry-After") != "1" || !strings.Contains(p.Detail, "find") {
				t.Errorf("Retry-After %q, detail %q", res.Header.Get("Retry-After"), p.Detail)
			}
			// The log is for operators: it may tell the address, and ties the failure to the answer.
			if log := g.log.String(); !strings.Contains(log, `"kind":"unavailable"`) || !strings.Contains(log, p.RequestID) {
				t.Errorf("log: %s", log)
			}
		})
	}
}

func TestFailures_timeout(t *testing.T) {
	t.Parallel()
	forever := make(chan struct{})
	upstream := newRawUpstreamFunc(t, func(net.Conn, *bufio.Reader) bool {
		<-forever
		return false
	})
	t.Cleanup(func() { close(forever) })
	g := startRoutes(t, upstream.url, routesWithin(soon))
	begun := time.Now()
	wantProblem(t, roundTrip(t, g.addr, getUser), problem.UpstreamTimeout, "find")
	if took := time.Since(begun); took < soon || took > patience {
		t.Errorf("took %s, want the route's %s", took, soon)
	}
	wantProblem(t, roundTrip(t, g.addr, "POST /user HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}"),
		problem.UpstreamTimeout, "find")
}

// TestFailures_timeoutEndsAtFirstByte checks that an answer that has begun may take its time.
func TestFailures_timeoutEndsAtFirstByte(t *testing.T) {
	t.Parallel()
	timeoutsFrom(t, time.Second, func(timeout time.Duration) (over bool) {
		upstream := newRawUpstreamFunc(t, func(conn net.Conn, _ *bufio.Reader) bool {
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no")
			<-time.After(timeout * 13 / 10) // longer than the route's timeout: the subject of the test
			_, err := io.WriteString(conn, "k")
			return err == nil
		})
		res := roundTrip(t, startRoutes(t, upstream.url, routesWithin(timeout)).addr, getUser)
		if res.StatusCode == http.StatusGatewayTimeout {
			return true
		}
		if res.StatusCode != http.StatusOK || string(res.body) != "ok" {
			t.Errorf("%d %q, %v; want all of it", res.StatusCode, res.body, res.bodyErr)
		}
		return false
	})
}

func TestFailures_broken(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{
		"no answer":           "",
		"half a status line":  "HTTP/1.1 2",
		"half a head":         "HTTP/1.1 200 OK\r\nContent-Le",
		"not HTTP":            "220 smtp ready\r\n\r\n",
		"two lengths":         "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
		"a head without end":  "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 128<<10),
		"a nameless protocol": "HTTP/1.1 101 Switching Protocols\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			upstream := newRawUpstreamFunc(t, func(conn net.Conn, _ *bufio.Reader) bool {
				_, _ = io.WriteString(conn, answer)
				return false
			})
			g := startRoutes(t, upstream.url, routesWithin(ample))
			wantProblem(t, roundTrip(t, g.addr, getUser), problem.UpstreamBroken, "find")
		})
	}
}

// TestFailures_switched checks that a connection on which an upstream switched protocols unasked is closed, not leaked.
func TestFailures_switched(t *testing.T) {
	t.Parallel()
	closed := make(chan error, 1)
	upstream := newRawUpstreamFunc(t, func(conn net.Conn, r *bufio.Reader) bool {
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")
		_, err := r.ReadByte()
		closed <- err
		return false
	})
	g := startRoutes(t, upstream.url, routesWithin(ample))
	wantProblem(t, roundTrip(t, g.addr, getUser), problem.UpstreamBroken, "find")
	select {
	case err := <-closed:
		if !errors.Is(err, io.EOF) && !isReset(err) {
			t.Errorf("the upstream's connection: %v, want it closed", err)
		}
	case <-time.After(patience):
		t.Error("the upstream's connection was left open")
	}
}

// TestFailures_brokenBody checks that an answer that breaks off upstream breaks off for the client: half an answer
// must not look whole.
func TestFailures_brokenBody(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{
		"by length":  "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
		"by chunks":  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
		"half chunk": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nhalf",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			upstream := newRawUpstreamFunc(t, func(conn net.Conn, _ *bufio.Reader) bool {
				_, _ = io.WriteString(conn, answer)
				return false
			})
			g := startRoutes(t, upstream.url, routesWithin(ample))
			client := dialRaw(t, g.addr)
			client.write(t, getUser)
			res, err := client.read(http.MethodGet)
			if err == nil && res.bodyErr == nil {
				t.Errorf("%d %q looks whole", res.StatusCode, res.body)
			}
			waitFor(t, func() bool { return strings.Contains(g.log.String(), `"kind":"broken"`) })
		})
	}
}

// TestFailures_clientGone checks that a client that does not wait is nobody's failure, and that the upstream learns of it.
func TestFailures_clientGone(t *testing.T) {
	t.Parallel()
	gone := make(chan error, 1)
	arrived := make(chan struct{})
	upstream := newRawUpstreamFunc(t, func(_ net.Conn, r *bufio.Reader) bool {
		close(arrived)
		_, err := r.ReadByte()
		gone <- err
		return false
	})
	g := startRoutes(t, upstream.url, routesWithin(ample))
	client := dialRaw(t, g.addr)
	client.write(t, "GET /stream HTTP/1.1\r\nHost: h\r\n\r\n")
	<-arrived
	_ = client.Close()
	if err := <-gone; !errors.Is(err, io.EOF) && !isReset(err) {
		t.Errorf("the upstream's connection: %v, want it closed", err)
	}
	waitFor(t, func() bool { return strings.Contains(g.log.String(), `"kind":"client-gone"`) })
	if log := g.log.String(); strings.Contains(log, `"level":"WARN"`) {
		t.Errorf("log: %s", log)
	}
}

// patience is how long what must happen is waited for; it is long for a machine.
const patience = 30 * time.Second

// waitFor waits until a condition holds that no event announces.
func waitFor(tb testing.TB, holds func() bool) {
	tb.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(patience)
	for !holds() {
		select {
		case <-tick.C:
		case <-limit:
			tb.Fatalf("waited for %s in vain", patience)
		}
	}
}

// TestSlowEmptyBody: a client that does not end a body in time is told so, and its slowness says nothing of the upstream: not
// of its instance, and not to its breaker.
func TestSlowEmptyBody(t *testing.T) {
	t.Parallel()
	upstream := newRawUpstream(t, okAnswer)
	g := startRoutes(t, upstream.url, routesWithin(soon)+"  - {path: /another, methods: [GET], upstream: find, timeout: 1m}\n")
	var slow sync.WaitGroup
	for range 40 {
		slow.Go(func() {
			res := roundTrip(t, g.addr, "GET /user/x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
			if res.StatusCode != http.StatusRequestTimeout {
				t.Errorf("a body without end: %d %s, want 408", res.StatusCode, res.body)
			}
		})
	}
	slow.Wait()
	if n := len(upstream.requests()); n > 0 {
		t.Errorf("the upstream was asked %d times", n)
	}
	// Over a route of its own, as the time of the slow clients' is short.
	if res := roundTrip(t, g.addr, "GET /another HTTP/1.1\r\nHost: h\r\n\r\n"); res.StatusCode != http.StatusOK {
		t.Errorf("another client gets %d %s", res.StatusCode, res.body)
	}
}
