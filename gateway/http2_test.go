package gateway_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/glarimy/ums/gateway"
	"github.com/glarimy/ums/gateway/config"
	"github.com/glarimy/ums/gateway/edge"
	"github.com/glarimy/ums/shared/httpserver"
	"github.com/glarimy/ums/shared/problem"
)

// startSecure starts a gateway that listens for TLS, with limits of the test's, and returns its address.
func startSecure(tb testing.TB, c config.Config, limits edge.Limits) string {
	tb.Helper()
	logger, registry := slog.New(slog.DiscardHandler), httpserver.NewRegistry()
	g, err := gateway.NewGateway(c, newBackends(tb, logger, registry), logger, registry, nil)
	if err != nil {
		tb.Fatal(err)
	}
	files := writeCertificate(tb, tb.TempDir(), 1)
	certificate, err := edge.LoadCertificate(files.CertPath, files.KeyPath, logger, time.Now)
	if err != nil {
		tb.Fatal(err)
	}
	l, err := edge.Listen(tb.Context(), "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	server := edge.NewServer(g, logger, limits)
	secure := edge.NewSecure(server, g, certificate)
	ended := make(chan error, 1)
	go func() { ended <- secure.Serve(l) }()
	tb.Cleanup(func() {
		secure.Close()
		server.Close()
		if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
			tb.Errorf("the end: %v", err)
		}
		g.Close()
	})
	return l.Addr().String()
}

// overHTTP2 returns a client of HTTP/2 that takes any certificate.
func overHTTP2(tb testing.TB) *http.Transport {
	tb.Helper()
	protocols := new(http.Protocols)
	protocols.SetHTTP2(true)
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, Protocols: protocols}
	tb.Cleanup(transport.CloseIdleConnections)
	return transport
}

// sendHTTP2 sends a request to a gateway, and returns the answer before its body has come.
func sendHTTP2(tb testing.TB, transport *http.Transport, method, addr, path string, body io.Reader) response {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), 20*time.Second)
	tb.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, method, "https://"+addr+path, body)
	if err != nil {
		tb.Fatal(err)
	}
	res, err := transport.RoundTrip(r)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = res.Body.Close() })
	return response{Response: res}
}

// stalling is an upstream that answers /user with a body without an end, and /stream with an event now and one on demand.
type stalling struct {
	*rawUpstream
	cut  chan struct{} // a body without an end has ended
	next chan struct{}
}

func newStalling(t *testing.T) *stalling {
	t.Helper()
	s := &stalling{cut: make(chan struct{}, 1), next: make(chan struct{})}
	s.rawUpstream = newRawUpstreamFunc(t, func(conn net.Conn, _ *bufio.Reader) bool {
		if strings.HasPrefix(target(s.last(t)), "/user") {
			_, err := io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n")
			for part := make([]byte, 64<<10); err == nil; {
				_, err = conn.Write(part)
			}
			s.cut <- struct{}{}
			return false
		}
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n1\n\r\n")
		<-s.next
		_, err := io.WriteString(conn, "2\r\n2\n\r\n0\r\n\r\n")
		return err == nil
	})
	return s
}

func (s *stalling) awaitCut(t *testing.T) {
	t.Helper()
	select {
	case <-s.cut:
	case <-time.After(patience):
		t.Fatal("the upstream's connection is still held")
	}
}

// TestHTTP2_unread checks that a client that does not take its answer does not hold the upstream's connection for longer than
// the limit; and that a stream on which nothing is sent for as long as that goes on.
func TestHTTP2_unread(t *testing.T) {
	t.Parallel()
	upstream := newStalling(t)
	limits := edge.DefaultLimits()
	limits.Write = time.Second
	addr := startSecure(t, loadRoutes(t, upstream.url, routesWithin(ample)), limits)
	transport := overHTTP2(t)
	quiet := sendHTTP2(t, transport, http.MethodGet, addr, "/stream", http.NoBody)
	events := bufio.NewReader(quiet.Body)
	if first, err := events.ReadString('\n'); first != "1\n" {
		t.Fatalf("%q, %v", first, err)
	}
	unread := sendHTTP2(t, transport, http.MethodGet, addr, "/user/x", http.NoBody)
	upstream.awaitCut(t)
	if _, err := io.Copy(io.Discard, unread.Body); err == nil {
		t.Error("an answer that was cut looks whole")
	}
	close(upstream.next)
	if rest, err := io.ReadAll(events); string(rest) != "2\n" || err != nil {
		t.Errorf("the quiet stream ends with %q, %v", rest, err)
	}
}

// stuck is a connection of which nobody takes a byte any more once it is full.
type stuck struct {
	net.Conn

	full atomic.Bool
	end  context.Context // of the test
}

func (s *stuck) Read(p []byte) (int, error) {
	if s.full.Load() {
		<-s.end.Done()
		return 0, s.end.Err()
	}
	return s.Conn.Read(p)
}

// TestHTTP2_stuck is TestHTTP2_unread with a client whose windows are open, but whose connection takes nothing.
func TestHTTP2_stuck(t *testing.T) {
	t.Parallel()
	upstream := newStalling(t)
	limits := edge.DefaultLimits()
	limits.Write = time.Second
	addr := startSecure(t, loadRoutes(t, upstream.url, routesWithin(ample)), limits)
	transport := overHTTP2(t)
	conns := make(chan *stuck, 1)
	transport.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, addr)
		s := &stuck{Conn: conn, end: t.Context()}
		conns <- s
		return s, err
	}
	const wide = 1 << 30
	transport.HTTP2 = &http.HTTP2Config{MaxReceiveBufferPerStream: wide, MaxReceiveBufferPerConnection: wide}
	sendHTTP2(t, transport, http.MethodGet, addr, "/user/x", http.NoBody)
	(<-conns).full.Store(true)
	upstream.awaitCut(t)
}

// TestHTTP2_slowBody checks that a body that does not end is waited for no longer than over HTTP/1.1, and ends as there.
func TestHTTP2_slowBody(t *testing.T) {
	t.Parallel()
	limits := edge.DefaultLimits()
	limits.Body = 50 * time.Millisecond
	addr := startSecure(t, loadRoutes(t, newRawUpstreamFunc(t, func(_ net.Conn, r *bufio.Reader) bool {
		_, _ = io.Copy(io.Discard, r) // the answer waits for the body
		return false
	}).url, routesWithin(ample)), limits)
	for _, call := range []struct{ method, path string }{{http.MethodGet, "/user/x"}, {http.MethodPost, "/user"}} {
		body, never := io.Pipe()
		defer never.Close()
		res := sendHTTP2(t, overHTTP2(t), call.method, addr, call.path, body)
		var err error
		if res.body, err = io.ReadAll(res.Body); err != nil {
			t.Fatal(err)
		}
		wantProblem(t, res, problem.RequestTimeout, "")
	}
}
