package edge

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/glarimy/ums/gateway/exchange"
)

// handshakeTimeout bounds a TLS handshake.
const handshakeTimeout = 5 * time.Second

// Secure is the listener for TLS: who agrees on HTTP/2 is served by net/http, everybody else as on the cleartext
// listener, by the same code.
type Secure struct {
	plain    *Server
	http2    *http.Server
	config   *tls.Config
	accepted *handOver
}

// NewSecure returns the TLS side of a server, which also serves the HTTP/1.1 among its connections.
func NewSecure(s *Server, h exchange.Handler, certificate *Certificate) *Secure {
	config := &tls.Config{
		MinVersion: tls.VersionTLS12, GetCertificate: certificate.Get, NextProtos: []string{"h2", "http/1.1"},
	}
	return &Secure{
		plain: s, config: config,
		http2: &http.Server{
			Handler: HTTPHandler(h, s.limits, s.draining.Load), TLSConfig: config,
			// Of a connection whose bytes nobody takes, whatever the windows of its streams.
			HTTP2:             &http.HTTP2Config{WriteByteTimeout: s.limits.Write},
			ReadHeaderTimeout: s.limits.Head, IdleTimeout: s.limits.Idle, MaxHeaderBytes: s.limits.HeadBytes,
			ErrorLog: slog.NewLogLogger(s.logger.Handler(), slog.LevelDebug),
		},
		accepted: &handOver{conns: make(chan net.Conn), closed: make(chan struct{})},
	}
}

// Serve serves the connections that a listener accepts. The error is http.ErrServerClosed after Shutdown or Close.
func (s *Secure) Serve(l net.Listener) error {
	s.accepted.addr = l.Addr()
	failed := make(chan error, 2)
	go func() { failed <- s.http2.Serve(s.accepted) }()
	go func() { failed <- s.plain.accept(l, s.serveConn) }()
	return <-failed
}

func (s *Secure) serveConn(raw net.Conn) {
	conn := tls.Server(raw, s.config)
	ctx, cancel := context.WithTimeout(context.Background(), handshakeTimeout)
	defer cancel()
	if err := conn.HandshakeContext(ctx); err != nil {
		_ = raw.Close()
		return
	}
	if conn.ConnectionState().NegotiatedProtocol == "h2" {
		s.accepted.give(conn)
		return
	}
	cancel()
	s.plain.ServeConn(conn, true)
}

// Shutdown ends HTTP/2's connections when their requests have ended. Those of HTTP/1.1 are the Server's.
func (s *Secure) Shutdown(ctx context.Context) error {
	if err := s.http2.Shutdown(ctx); err != nil && !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("end the HTTP/2 connections: %w", err)
	}
	return nil
}

// Close breaks off whatever is being served over HTTP/2.
func (s *Secure) Close() { _ = s.http2.Close() }

// handOver is a listener of connections that another one has accepted.
type handOver struct {
	addr   net.Addr
	conns  chan net.Conn
	once   sync.Once
	closed chan struct{}
}

func (h *handOver) give(c net.Conn) {
	select {
	case h.conns <- c:
	case <-h.closed:
		_ = c.Close()
	}
}

// Accept implements net.Listener.
func (h *handOver) Accept() (net.Conn, error) {
	select {
	case c := <-h.conns:
		return c, nil
	case <-h.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (h *handOver) Close() error {
	h.once.Do(func() { close(h.closed) })
	return nil
}

// Addr implements net.Listener.
func (h *handOver) Addr() net.Addr { return h.addr }
