package gateway_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/glarimy/ums/gateway/config"
	"github.com/glarimy/ums/shared/httpserver"
	"github.com/glarimy/ums/shared/problem"

	"github.com/glarimy/ums/gateway"
)

// resilientRoutes are those of the tests of upstreams that fail.
const resilientRoutes = `
routes:
  - {path: "/user/{name}", methods: [GET], upstream: find, timeout: 10s, stale_if_error: 10m}
  - {path: "/user/{name}", methods: [PATCH], upstream: find, timeout: 10s, body: 1KiB}
  - {path: /user, methods: [POST], upstream: find, timeout: 10s, body: 1KiB}
`

// loadUpstream returns a configuration whose only upstream is given as the inside of a YAML mapping.
func loadUpstream(tb testing.TB, upstream string) config.Config {
	tb.Helper()
	c, err := config.Load("gateway.yaml", []byte("version: 1\nupstreams: {find: {"+upstream+"}}"+resilientRoutes),
		func(string) (string, error) { return "", nil })
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// TestResilience_dyingInstances lets the instances of a list die one after the other, as in a crash, while requests run.
func TestResilience_dyingInstances(t *testing.T) {
	t.Parallel()
	const instances, clients, between = 4, 4, 200
	servers, urls := make([]*httptest.Server, instances), make([]string, instances)
	for i := range servers {
		servers[i] = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "ok")
		}))
		urls[i] = servers[i].URL
	}
	t.Cleanup(servers[instances-1].Close)
	g := startWith(t, loadUpstream(t, "urls: ["+strings.Join(urls, ", ")+"], retries: {attempts: 4}"))
	var done, failed atomic.Int64
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	for range clients {
		client := dialRaw(t, g.addr)
		running.Go(func() {
			for ctx.Err() == nil {
				_, _ = io.WriteString(client, getUser)
				if res, err := client.read(http.MethodGet); err != nil || string(res.body) != "ok" {
					failed.Add(1)
					t.Errorf("a request failed: %v, %q", err, res.body)
					return
				}
				done.Add(1)
			}
		})
	}
	for _, s := range servers[:instances-1] {
		goal := done.Load() + between
		waitFor(t, func() bool { return done.Load() >= goal || failed.Load() > 0 })
		_ = s.Listener.Close()
		_ = s.Config.Close()
	}
	goal := done.Load() + between
	waitFor(t, func() bool { return done.Load() >= goal || failed.Load() > 0 })
	stop()
	running.Wait()
	t.Logf("%d requests, %d failed", done.Load(), failed.Load())
}

// TestResilience_broken checks what is sent again when a connection breaks off before an answer, and what is not.
func TestResilience_broken(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		request string
		want    int
	}{
		"GET":            {getUser, http.StatusOK},
		"POST":           {"POST /user HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}", http.StatusBadGateway},
		"POST with key":  {"POST /user HTTP/1.1\r\nHost: h\r\nIdempotency-Key: k\r\nContent-Length: 2\r\n\r\n{}", http.StatusOK},
		"PATCH":          {"PATCH /user/x HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}", http.StatusBadGateway},
		"chunked, a key": {"POST /user HTTP/1.1\r\nHost: h\r\nIdempotency-Key: k\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", http.StatusBadGateway},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var requests atomic.Int64
			answer := func(conn net.Conn, _ *bufio.Reader) bool { // of all instances together, the first one breaks off
				if requests.Add(1) == 1 {
					return false
				}
				_, err := io.WriteString(conn, okAnswer)
				return err == nil
			}
			one, other := newRawUpstreamFunc(t, answer), newRawUpstreamFunc(t, answer)
			g := startWith(t, loadUpstream(t, "urls: ["+one.url+", "+other.url+"], health: off"))
			if res := roundTrip(t, g.addr, tt.request); res.StatusCode != tt.want {
				t.Errorf("%d %s, want %d", res.StatusCode, res.body, tt.want)
			}
			if seen := [2]int{len(one.requests()), len(other.requests())}; tt.want == http.StatusOK && seen != [2]int{1, 1} {
				t.Errorf("the instances saw %v requests, want one each", seen)
			}
		})
	}
}

// TestResilience_refusedBody checks that a request whose body is still arriving goes to another instance when the first
// one takes no connection, whatever its method: nobody has had any of it.
func TestResilience_refusedBody(t *testing.T) {
	t.Parallel()
	up := newRawUpstream(t, okAnswer)
	g := startWith(t, loadUpstream(t, "urls: ["+refusedURL+", "+up.url+"], health: off, ejection: off"))
	for range 20 {
		res := roundTrip(t, g.addr, "PATCH /user/x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n")
		if res.StatusCode != http.StatusOK {
			t.Fatalf("%d %s", res.StatusCode, res.body)
		}
	}
	if n := len(up.requests()); n != 20 {
		t.Errorf("%d requests arrived, want 20", n)
	}
}

// TestResilience_ejection checks that an instance which cannot be reached is left out, and gets requests again later.
func TestResilience_ejection(t *testing.T) {
	t.Parallel()
	up := newRawUpstream(t, okAnswer)
	addr, listen := reserve(t)
	g := startWith(t, loadUpstream(t, "urls: ["+up.url+", http://"+addr+"], health: off, ejection: {time: 200ms, max_time: 300ms}"))
	get := func() {
		if res := roundTrip(t, g.addr, getUser); res.StatusCode != http.StatusOK {
			t.Fatalf("%d %s", res.StatusCode, res.body)
		}
	}
	waitFor(t, func() bool {
		get()
		return strings.Contains(g.log.String(), "an instance is left out")
	})
	away := listen()
	var served atomic.Int64
	server := &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { served.Add(1) })}
	go func() { _ = server.Serve(away) }()
	t.Cleanup(func() { _ = server.Close() })
	waitFor(t, func() bool {
		get()
		return served.Load() > 0
	})
}

// reserve takes a port, at which nobody listens before listen is called, and which is nobody else's meanwhile.
func reserve(t *testing.T) (addr string, listen func() net.Listener) {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	socket := os.NewFile(uintptr(fd), "a reserved port")
	t.Cleanup(func() { _ = socket.Close() })
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("127.0.0.1:%d", name.(*syscall.SockaddrInet4).Port), func() net.Listener {
		if err := syscall.Listen(fd, syscall.SOMAXCONN); err != nil {
			t.Fatal(err)
		}
		l, err := net.FileListener(socket)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
}

// TestResilience_breaker checks that an upstream without answers is asked no more for a while, which clients are told.
func TestResilience_breaker(t *testing.T) {
	t.Parallel()
	up := newRawUpstreamFunc(t, func(net.Conn, *bufio.Reader) bool { return false })
	g := startWith(t, loadUpstream(t, "url: "+up.url+", breaker: {requests: 4, open: 1h}"))
	var res response
	waitFor(t, func() bool {
		res = roundTrip(t, g.addr, getUser)
		return res.StatusCode == http.StatusServiceUnavailable
	})
	wantProblem(t, res, problem.UpstreamUnavailable, "find")
	if seconds, err := strconv.Atoi(res.Header.Get("Retry-After")); err != nil || seconds < 60 {
		t.Errorf("Retry-After %q, want the rest of an hour", res.Header.Get("Retry-After"))
	}
	before := len(up.requests())
	wantProblem(t, roundTrip(t, g.addr, getUser), problem.UpstreamUnavailable, "find")
	if after := len(up.requests()); after != before {
		t.Errorf("the upstream was asked %d times more", after-before)
	}
}

// TestResilience_limit checks that what is more than an upstream can answer is refused at once, and the rest answered.
func TestResilience_limit(t *testing.T) {
	t.Parallel()
	leave, here := make(chan struct{}), make(chan struct{}, 8)
	up := newRawUpstreamFunc(t, func(conn net.Conn, _ *bufio.Reader) bool {
		here <- struct{}{}
		<-leave
		_, err := io.WriteString(conn, okAnswer)
		return err == nil
	})
	g := startWith(t, loadUpstream(t, "url: "+up.url+", limit: {min: 2, max: 2}"))
	clients := []*rawClient{dialRaw(t, g.addr), dialRaw(t, g.addr)}
	for _, c := range clients {
		c.write(t, getUser)
		<-here
	}
	res := roundTrip(t, g.addr, getUser)
	wantProblem(t, res, problem.UpstreamUnavailable, "find")
	if res.Header.Get("Retry-After") != "1" {
		t.Errorf("Retry-After %q", res.Header.Get("Retry-After"))
	}
	close(leave)
	for _, c := range clients {
		if res, err := c.read(http.MethodGet); err != nil || res.StatusCode != http.StatusOK {
			t.Errorf("%v, %d", err, res.StatusCode)
		}
	}
	if log := g.log.String(); strings.Contains(log, `"level":"WARN"`) {
		t.Errorf("a refusal is worth a line: %s", log)
	}
}

// TestResilience_stale checks that an old answer stands in for an error of its upstream's, until it is changed.
func TestResilience_stale(t *testing.T) {
	t.Parallel()
	for name, length := range map[string]string{"counted": "Content-Length: 2\r\n\r\nok", "chunked": "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var state atomic.Value
			state.Store("HTTP/1.1 200 OK\r\nEtag: \"1\"\r\nCache-Control: no-cache\r\n" + length)
			up := newRawUpstreamFunc(t, func(conn net.Conn, _ *bufio.Reader) bool {
				answer, _ := state.Load().(string)
				_, _ = io.WriteString(conn, answer)
				return answer != ""
			})
			g := startWith(t, loadUpstream(t, "url: "+up.url+", breaker: off"))
			if res := roundTrip(t, g.addr, getUser); string(res.body) != "ok" || res.Header.Get("Age") != "" {
				t.Fatalf("%d %q, Age %q", res.StatusCode, res.body, res.Header.Get("Age"))
			}
			for _, broken := range []string{"", "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"} {
				state.Store(broken)
				for _, method := range []string{"GET", "HEAD"} {
					res := roundTrip(t, g.addr, strings.Replace(getUser, "GET", method, 1))
					if res.StatusCode != http.StatusOK || (method == "GET") != (string(res.body) == "ok") || res.Header.Get("Etag") != `"1"` ||
						res.Header.Get("Age") == "" || !strings.Contains(res.Header.Get("Cache-Status"), "hit; ttl=-") {
						t.Errorf("%s with %q: %d %q %v", method, broken, res.StatusCode, res.body, res.Header)
					}
				}
				for _, request := range []string{
					"GET /user/x HTTP/1.1\r\nHost: h\r\nCache-Control: no-cache\r\n\r\n", "GET /user/x?a HTTP/1.1\r\nHost: h\r\n\r\n",
				} {
					if res := roundTrip(t, g.addr, request); res.StatusCode < http.StatusInternalServerError {
						t.Errorf("%q: %d %q, want the failure", request, res.StatusCode, res.body)
					}
				}
			}
			state.Store("HTTP/1.1 204 No Content\r\n\r\n")
			if res := roundTrip(t, g.addr, "PATCH /user/%78 HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}"); res.StatusCode != http.StatusNoContent {
				t.Errorf("PATCH: %d", res.StatusCode)
			}
			state.Store("")
			wantProblem(t, roundTrip(t, g.addr, getUser), problem.UpstreamBroken, "find")
		})
	}
}

// TestResilience_private: an answer that is for one client alone is not kept, whatever its other fields replace of the
// gateway's.
func TestResilience_private(t *testing.T) {
	t.Parallel()
	var broken atomic.Bool
	up := newRawUpstreamFunc(t, func(conn net.Conn, _ *bufio.Reader) bool {
		answer := "HTTP/1.1 200 OK\r\nCache-Control: private\r\nContent-Security-Policy: default-src 'self'\r\n" +
			"Referrer-Policy: origin\r\nContent-Length: 5\r\n\r\nalice"
		if broken.Load() {
			answer = "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 2\r\n\r\nno"
		}
		_, err := io.WriteString(conn, answer)
		return err == nil
	})
	g := startWith(t, loadUpstream(t, "url: "+up.url))
	if res := roundTrip(t, g.addr, getUser); string(res.body) != "alice" {
		t.Fatalf("%d %q", res.StatusCode, res.body)
	}
	broken.Store(true)
	if res := roundTrip(t, g.addr, getUser); res.StatusCode != http.StatusInternalServerError || string(res.body) != "no" {
		t.Errorf("the next client gets %d %q, want the upstream's error", res.StatusCode, res.body)
	}
}

// TestResilience_reload checks that a reload which leaves an upstream alone keeps its connections.
func TestResilience_reload(t *testing.T) {
	t.Parallel()
	up := newRawUpstream(t, okAnswer)
	c := loadUpstream(t, "url: "+up.url)
	service, stop := serveUntil(t, everySlotAt(up.url), func(_ *httpserver.Config, d *gateway.Dependencies) { d.Routes = c })
	client := dialRaw(t, service.Addr())
	for n := range 5 {
		client.write(t, getUser)
		if res, err := client.read(http.MethodGet); err != nil || res.StatusCode != http.StatusOK {
			t.Fatalf("%v, %d", err, res.StatusCode)
		}
		again := loadUpstream(t, "url: "+up.url)
		again.Routes[0].Timeout += time.Duration(n) * time.Second
		if err := service.Apply(again); err != nil {
			t.Fatal(err)
		}
	}
	up.mu.Lock()
	conns := len(up.conns)
	up.mu.Unlock()
	if conns != 1 {
		t.Errorf("%d connections were opened, want 1", conns)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}
