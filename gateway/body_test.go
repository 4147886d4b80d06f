package gateway_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/glarimy/ums/shared/problem"
)

const bodyLimit = 64 << 10 // of POST /user in the built-in configuration

func TestBody_limit(t *testing.T) {
	t.Parallel()
	chunked := func(call string, size int) string {
		return fmt.Sprintf("%s HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n",
			call, size, strings.Repeat("x", size))
	}
	counted := func(call string, size int) string {
		return fmt.Sprintf("%s HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n%s", call, size, strings.Repeat("x", size))
	}
	for name, tt := range map[string]struct {
		request string
		passes  bool
	}{
		"counted, at the limit":  {counted("POST /user", bodyLimit), true},
		"counted, one more":      {counted("POST /user", bodyLimit+1), false},
		"counted, 1 MiB":         {counted("POST /user", 1<<20), false},
		"chunked, at the limit":  {chunked("POST /user", bodyLimit), true},
		"chunked, one more":      {chunked("POST /user", bodyLimit+1), false},
		"chunked, 1 MiB":         {chunked("POST /user", 1<<20), false},
		"counted, where none is": {counted("GET /user/x", 1), false},
		"chunked, where none is": {chunked("GET /user/x", 1), false},
		"chunked and empty":      {"GET /user/x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", true},
		"only announced":         {"POST /user HTTP/1.1\r\nHost: h\r\nContent-Length: 9999999\r\nExpect: 100-continue\r\n\r\n", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			upstream := newRawUpstream(t, "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")
			res := roundTrip(t, start(t, upstream.url).addr, tt.request)
			if tt.passes {
				if head := upstream.last(t); res.StatusCode != http.StatusCreated || strings.Contains(head, "broke off") {
					t.Errorf("%d %s; the upstream got %q", res.StatusCode, res.body, head)
				}
				return
			}
			wantProblem(t, res, problem.BodyTooLarge, "")
			if !res.Close {
				t.Error("the connection is kept, though the rest of the body may come")
			}
			// Of a body that turns out too large the upstream may have seen the beginning, but never an end.
			for _, head := range upstream.requests() {
				if !strings.Contains(head, "broke off") {
					t.Errorf("the upstream got %q whole", head)
				}
			}
		})
	}
}

// TestBody_none checks that a service that expects no body is not asked before it is certain that there is none: it would
// act on a request that the client is told was refused.
func TestBody_none(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{}, 1)
	upstream := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked <- struct{}{} }))
	t.Cleanup(upstream.Close)
	g := start(t, upstream.URL)
	client := dialRaw(t, g.addr)
	client.write(t, "GET /user/x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
	select {
	case <-asked:
		t.Fatal("the upstream was asked before the body's end")
	case <-time.After(400 * time.Millisecond): // longer than net/http waits for a first byte
	}
	client.write(t, "1\r\nx\r\n0\r\n\r\n")
	res, err := client.read(http.MethodGet)
	if err != nil {
		t.Fatal(err)
	}
	wantProblem(t, res, problem.BodyTooLarge, "")
	if len(asked) != 0 {
		t.Error("the upstream was asked all the same")
	}
}

// TestBody_continue checks that a client that asks first is told to go on when the service says so, once, and only then.
func TestBody_continue(t *testing.T) {
	t.Parallel()
	asked, goOn := make(chan struct{}), make(chan struct{})
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
		r := bufio.NewReader(conn)
		for {
			head, err := readHead(r)
			if err != nil {
				return
			}
			if len(values(head, "Expect")) == 1 {
				asked <- struct{}{}
				<-goOn
				_, _ = io.WriteString(conn, "HTTP/1.1 100 Continue\r\n\r\n")
			}
			_ = skipBody(r, head)
			_, _ = io.WriteString(conn, okAnswer)
		}
	}()
	g := start(t, "http://"+l.Addr().String())
	client := dialRaw(t, g.addr)
	for range 20 { // whether there are two lines is a matter of timing
		client.write(t, "POST /user HTTP/1.1\r\nHost: h\r\nX-Request-Id: mine-1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
		<-asked
		goOn <- struct{}{}
		if first, err := client.read(http.MethodPost); err != nil || first.StatusCode != http.StatusContinue {
			t.Fatalf("%+v, %v; want 100", first.Response, err)
		}
		client.write(t, "{}")
		if final, err := client.read(http.MethodPost); err != nil || final.StatusCode != http.StatusOK ||
			final.Header.Get("X-Request-Id") != "mine-1" {
			t.Fatalf("%+v, %v; want 200 with the request's id", final.Response, err)
		}
	}
}

// TestBody_slow checks that a client that does not send its body in time is told so, and the upstream is not blamed.
func TestBody_slow(t *testing.T) {
	t.Parallel()
	upstream := newRawUpstream(t, okAnswer)
	for _, framing := range []string{"Content-Length: 10\r\n\r\nhalf", "Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"} {
		timeoutsFrom(t, soon, func(timeout time.Duration) (over bool) {
			g := startRoutes(t, upstream.url, routesWithin(timeout))
			begun := time.Now()
			res := roundTrip(t, g.addr, "POST /user HTTP/1.1\r\nHost: h\r\n"+framing)
			if res.StatusCode == http.StatusGatewayTimeout {
				return true // before the upstream was there to be sent the body
			}
			wantStatusProblem(t, res, http.StatusRequestTimeout)
			if took := time.Since(begun); took > timeout+patience {
				t.Errorf("took %s, want the route's %s", took, timeout)
			}
			if !res.Close {
				t.Error("the connection is kept")
			}
			if log := g.log.String(); strings.Contains(log, `"level":"WARN"`) {
				t.Errorf("log: %s", log)
			}
			return false
		})
	}
}

// TestBody_broken checks that a badly framed body is the client's fault.
func TestBody_broken(t *testing.T) {
	t.Parallel()
	upstream := newRawUpstream(t, okAnswer)
	g := start(t, upstream.url)
	res := roundTrip(t, g.addr, "POST /user HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nnothex\r\n")
	wantProblem(t, res, problem.MalformedRequest, "")
	if log := g.log.String(); strings.Contains(log, `"level":"WARN"`) {
		t.Errorf("log: %s", log)
	}
}

// TestBody_trailers checks that a client's trailers stay behind: some servers take them for headers.
func TestBody_trailers(t *testing.T) {
	t.Parallel()
	upstream := newRawUpstream(t, okAnswer)
	g := start(t, upstream.url)
	res := roundTrip(t, g.addr, "POST /user HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTrailer: Ums-Actor\r\n\r\n"+
		"2\r\n{}\r\n0\r\nUms-Actor: forged\r\n\r\n")
	if head := upstream.last(t); res.StatusCode != http.StatusOK || strings.Contains(head, "Ums-Actor") {
		t.Errorf("%d; the upstream got %q", res.StatusCode, head)
	}
}
