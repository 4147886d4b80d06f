package gateway_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestWire_stale checks what becomes of a request on a connection that the upstream has closed meanwhile: no client notices,
// and none is sent twice that must not be.
func TestWire_stale(t *testing.T) {
	t.Parallel()
	closed := make(chan struct{}, 16)
	upstream := newRawUpstreamFunc(t, func(conn net.Conn, _ *bufio.Reader) bool {
		_, _ = io.WriteString(conn, okAnswer) // and not a word of closing
		_ = conn.Close()
		closed <- struct{}{}
		return false
	})
	g := start(t, upstream.url)
	client := dialRaw(t, g.addr)
	const body = " HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}"
	for i, request := range []string{
		getUser, getUser, "POST /user" + body, "PATCH /user/x" + body, "DELETE /user/x HTTP/1.1\r\nHost: h\r\n\r\n", getUser,
	} {
		client.write(t, "%s", request)
		if res, err := client.read(http.MethodGet); err != nil || res.StatusCode != http.StatusOK {
			t.Fatalf("%d: %+v, %v", i, res.Response, err)
		}
		<-closed
	}
	if got := len(upstream.requests()); got != 6 {
		t.Errorf("the upstream got %d requests, want 6", got)
	}
}

// TestWire_once checks that a request that breaks off is not sent again, unless it is idempotent and nothing was answered
// on a connection that had been idle.
func TestWire_once(t *testing.T) {
	t.Parallel()
	for request, want := range map[string]int{
		getUser: 2, // 1 that fills the pool, and 1 more over a fresh connection
		"POST /user HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}":                       1,
		"POST /user HTTP/1.1\r\nHost: h\r\nIdempotency-Key: k\r\nContent-Length: 2\r\n\r\n{}": 2,
	} {
		first := true
		upstream := newRawUpstreamFunc(t, func(conn net.Conn, _ *bufio.Reader) bool {
			if !first {
				return false // the connection ends without an answer
			}
			first = false
			_, err := io.WriteString(conn, okAnswer)
			return err == nil
		})
		g := startRoutes(t, upstream.url, routesWithin(ample))
		roundTrip(t, g.addr, getUser)
		if res := roundTrip(t, g.addr, request); res.StatusCode != http.StatusBadGateway {
			t.Errorf("%q: %d", request, res.StatusCode)
		}
		if got := len(upstream.requests()) - 1; got != want {
			t.Errorf("%q was sent %d times, want %d", request, got, want)
		}
	}
}

// TestWire_reuse checks that a connection is not used again after an answer that leaves something on it.
func TestWire_reuse(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{
		"204 with a body":  "HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged",
		"more than said":   okAnswer + "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged",
		"said to close":    "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
		"of HTTP/1.0":      "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
		"304 and a length": "HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\nok",
	} {
		conns := make(chan net.Conn, 4)
		upstream := newRawUpstreamFunc(t, func(conn net.Conn, _ *bufio.Reader) bool {
			conns <- conn
			_, err := io.WriteString(conn, answer)
			return err == nil
		})
		g := start(t, upstream.url)
		client := dialRaw(t, g.addr)
		for range 2 {
			client.write(t, "%s", getUser)
			if res, err := client.read(http.MethodGet); err != nil || strings.Contains(string(res.body), "forged") {
				t.Fatalf("%s: %+v, %v", name, res.Response, err)
			}
		}
		if <-conns == <-conns {
			t.Errorf("%s: the connection was used again", name)
		}
	}
}

// TestWire_early checks that an answer that comes before the body's end reaches the client, which is told to stop.
func TestWire_early(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		_, _ = readHead(bufio.NewReader(conn))
		_, _ = io.WriteString(conn, "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno")
		_, _ = io.Copy(io.Discard, conn)
	}()
	g := start(t, "http://"+l.Addr().String())
	client := dialRaw(t, g.addr)
	client.write(t, "POST /user HTTP/1.1\r\nHost: h\r\nContent-Length: 60000\r\n\r\nhalf")
	res, err := client.read(http.MethodPost)
	if err != nil || res.StatusCode != http.StatusForbidden || string(res.body) != "no" || !res.Close {
		t.Errorf("%+v, %v; want 403 and the end of the connection", res.Response, err)
	}
}

// TestEdge_old checks that a client of HTTP/1.0 gets no framing that it does not know.
func TestEdge_old(t *testing.T) {
	t.Parallel()
	upstream := newRawUpstream(t, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n")
	g := start(t, upstream.url)
	client := dialRaw(t, g.addr)
	client.write(t, "GET /user/x HTTP/1.0\r\n\r\n")
	all, err := io.ReadAll(client.reader)
	if err != nil || strings.Contains(string(all), "Transfer-Encoding") || !strings.HasSuffix(string(all), "\r\n\r\nok") {
		t.Errorf("%q, %v", all, err)
	}
}

// TestEdge_pipelined checks that requests that come at once are answered in their order.
func TestEdge_pipelined(t *testing.T) {
	t.Parallel()
	upstream := newRawUpstream(t, "HTTP/1.1 103 Early Hints\r\n\r\n"+okAnswer)
	g := start(t, upstream.url)
	client := dialRaw(t, g.addr)
	var all strings.Builder
	for i := range 5 {
		fmt.Fprintf(&all, "GET /user/x HTTP/1.1\r\nHost: h\r\nX-Request-Id: %d\r\n\r\n", i)
	}
	client.write(t, "%s", all.String())
	for i := range 5 {
		if res, err := client.read(http.MethodGet); err != nil || res.StatusCode != http.StatusEarlyHints {
			t.Fatalf("%d: %+v, %v", i, res.Response, err)
		}
		res, err := client.read(http.MethodGet)
		if err != nil || res.Header.Get("X-Request-Id") != fmt.Sprint(i) || string(res.body) != "ok" {
			t.Fatalf("%d: %+v, %v", i, res.Response, err)
		}
	}
}

// TestWire_unasked checks that what an upstream sends over an idle connection is nobody's answer.
func TestWire_unasked(t *testing.T) {
	t.Parallel()
	conns := make(chan net.Conn, 4)
	upstream := newRawUpstreamFunc(t, func(conn net.Conn, _ *bufio.Reader) bool {
		_, err := io.WriteString(conn, okAnswer)
		conns <- conn
		return err == nil
	})
	client := dialRaw(t, start(t, upstream.url).addr)
	for i := range 3 {
		client.write(t, "%s", getUser) // it could be repeated, and must not get another's answer all the same
		if res, err := client.read(http.MethodGet); err != nil || string(res.body) != "ok" {
			t.Fatalf("%d: %+v, %q, %v", i, res.Response, res.body, err)
		}
		if _, err := io.WriteString(<-conns, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged"); err != nil {
			t.Fatal(err)
		}
	}
}

// TestWire_earlyParts checks that a body goes on being sent while its answer is passed on: the answer's end may depend on it.
func TestWire_earlyParts(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	const size = 60000
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		r := bufio.NewReader(conn)
		_, _ = readHead(r)
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nha")
		if n, _ := io.CopyN(io.Discard, r, size); n == size {
			_, _ = io.WriteString(conn, "lf")
		}
	}()
	client := dialRaw(t, start(t, "http://"+l.Addr().String()).addr)
	client.write(t, "POST /user HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n%s", size, strings.Repeat("x", size/2))
	if first, err := client.reader.Peek(len("HTTP/1.1 200")); err != nil || !strings.HasSuffix(string(first), "200") {
		t.Fatalf("%q, %v", first, err)
	}
	client.write(t, "%s", strings.Repeat("x", size/2))
	if res, err := client.read(http.MethodPost); err != nil || string(res.body) != "half" || !res.Close {
		t.Errorf("%+v, %q, %v; want 200 with the whole of its body", res.Response, res.body, err)
	}
}

// TestWire_goneUnread checks that a client that has hung up is noticed behind bytes of it that nobody reads.
func TestWire_goneUnread(t *testing.T) {
	t.Parallel()
	ended := make(chan struct{})
	upstream := newRawUpstreamFunc(t, func(conn net.Conn, _ *bufio.Reader) bool {
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nha") // and never the rest
		_, _ = io.Copy(io.Discard, conn)
		close(ended)
		return false
	})
	client := dialRaw(t, start(t, upstream.url).addr)
	client.write(t, "%s", getUser)
	for line := ""; line != "\r\n"; {
		var err error
		if line, err = client.reader.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := client.reader.Discard(len("ha")); err != nil {
		t.Fatal(err)
	}
	client.write(t, "%s", getUser)
	_ = client.Conn.Close()
	select {
	case <-ended:
	case <-time.After(patience):
		t.Error("the upstream is still being listened to")
	}
}
