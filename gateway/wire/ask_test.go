package wire_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/glarimy/ums/gateway/wire"
)

// used returns a connection that a request was sent over before, and how many the server has had.
func used(t *testing.T) (*wire.Conn, *atomic.Int64) {
	t.Helper()
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		_, _ = io.WriteString(w, "ok")
	}))
	t.Cleanup(server.Close)
	p := wire.NewPool(wire.Endpoint{Addr: server.Listener.Addr().String(), Host: "h"}, nil)
	t.Cleanup(p.Close)
	c, err := p.Dial(t.Context(), time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	ask(c)
	answered(t, c)
	if c = p.Idle(); c == nil {
		t.Fatal("the connection was not kept")
	}
	return c, &asked
}

func ask(c *wire.Conn) {
	c.Begin(http.MethodGet, "/")
	c.EndHead(0)
	c.Ask()
}

// answered reads an answer, and gives the connection back.
func answered(t *testing.T, c *wire.Conn) {
	t.Helper()
	head, err := c.ReadHead(time.Now().Add(time.Minute))
	if err != nil || head.Status != http.StatusOK {
		t.Fatalf("the answer: %+v, %v", head, err)
	}
	if _, err := io.Copy(io.Discard, c.Body()); err != nil {
		t.Fatal(err)
	}
	c.Release()
}

// TestAsk_late: a request whose first read has no time left is sent by the next one, and not lost.
func TestAsk_late(t *testing.T) {
	t.Parallel()
	c, asked := used(t)
	ask(c)
	for range 2 {
		if _, err := c.ReadHead(time.Unix(1, 0)); !wire.IsTimeout(err) || c.Sent() {
			t.Fatalf("with no time left: %v, sent %v; want a timeout before anything is sent", err, c.Sent())
		}
	}
	answered(t, c)
	if n := asked.Load(); n != 2 {
		t.Errorf("the upstream was asked %d times, want 2", n)
	}
}

// TestAsk_TLS: a connection that cannot look by itself is looked at before, and its first read has the time that it was given.
func TestAsk_TLS(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") }))
	t.Cleanup(server.Close)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	p := wire.NewPoolWith("h", func(ctx context.Context, network, _ string) (net.Conn, error) {
		d := &tls.Dialer{Config: &tls.Config{RootCAs: roots, ServerName: "example.com", MinVersion: tls.VersionTLS12}}
		return d.DialContext(ctx, network, server.Listener.Addr().String())
	})
	t.Cleanup(p.Close)
	c, err := p.Dial(t.Context(), time.Time{})
	for range 3 {
		if err != nil || c == nil {
			t.Fatalf("no connection: %v", err)
		}
		ask(c)
		answered(t, c)
		if c = p.Idle(); c == nil || c.AsksAlive() || !c.Alive() {
			t.Fatalf("the connection was not kept, or does not want to be looked at: %+v", c)
		}
	}
}
