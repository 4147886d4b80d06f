package edge

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/glarimy/ums/gateway/exchange"
	"github.com/glarimy/ums/gateway/socket"
)

// Server serves HTTP/1.1 connections. It is safe for concurrent use.
type Server struct {
	handler  exchange.Handler
	logger   *slog.Logger
	limits   Limits
	date     date
	buffers  socket.Buffers
	draining atomic.Bool // answers carry `Connection: close`
	closing  atomic.Bool // no request is begun any more

	mu        sync.Mutex
	listeners map[net.Listener]bool
	conns     map[*conn]bool
	serving   sync.WaitGroup
}

// Limits bound what a client may cost. The zero value means DefaultLimits.
type Limits struct {
	HeadBytes int           // of the request line and the header fields together
	Head      time.Duration // from a request's first byte to the end of its head
	Body      time.Duration // from the end of the head to the end of the body
	Idle      time.Duration // between two requests
	Write     time.Duration // without the client taking a byte
	Linger    time.Duration // for what a refused client has under way
}

// DefaultLimits are those of every server of UMS. The idle time is above that of most clients' connections, so that it
// is the client who closes an idle one.
func DefaultLimits() Limits {
	return Limits{
		HeadBytes: 32 << 10, Head: 5 * time.Second, Body: 30 * time.Second, Idle: 2 * time.Minute,
		Write: time.Minute, Linger: 500 * time.Millisecond,
	}
}

// NewServer returns a server. The logger is told of refused requests, at debug level, and of panics.
func NewServer(h exchange.Handler, logger *slog.Logger, l Limits) *Server {
	if l == (Limits{}) {
		l = DefaultLimits()
	}
	return &Server{handler: h, logger: logger, limits: l, listeners: map[net.Listener]bool{}, conns: map[*conn]bool{}}
}

// Listen takes an address, and says so in plain words if it is taken.
func Listen(ctx context.Context, addr string) (net.Listener, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("the address %s is taken: stop the program that listens there, or choose another", addr)
	case err != nil:
		return nil, fmt.Errorf("listen on %s: %w", addr, err)
	}
	return l, nil
}

// Serve serves the connections that a listener accepts, until the listener is closed. The error is http.ErrServerClosed
// after Shutdown or Close.
func (s *Server) Serve(l net.Listener) error {
	return s.accept(l, func(nc net.Conn) { s.ServeConn(nc, false) })
}

func (s *Server) accept(l net.Listener, serve func(net.Conn)) error {
	s.mu.Lock()
	s.listeners[l] = true
	s.mu.Unlock()
	for wait := time.Duration(0); ; {
		nc, err := l.Accept()
		switch {
		case s.closing.Load():
			if err == nil {
				_ = nc.Close()
			}
			return http.ErrServerClosed
		case err == nil:
			wait = 0
			go serve(nc)
		case isTemporary(err): // such as too many open files: others end meanwhile
			wait = min(max(2*wait, 5*time.Millisecond), time.Second)
			s.logger.Warn("a connection could not be accepted; trying again", "error", err, "wait", wait)
			<-time.After(wait)
		default:
			return fmt.Errorf("accept connections on %s: %w", l.Addr(), err)
		}
	}
}

func isTemporary(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) || errors.Is(err, syscall.ECONNABORTED)
}

// ServeConn serves one connection until it ends.
func (s *Server) ServeConn(nc net.Conn, secure bool) {
	c := newConn(s, nc, secure)
	if !s.add(c) {
		_ = nc.Close()
		return
	}
	defer s.remove(c)
	c.serve()
}

// Drain has every answer from now on end its connection, and serves on.
func (s *Server) Drain() { s.draining.Store(true) }

// Shutdown takes no more requests, and waits until those in flight have ended or ctx has.
func (s *Server) Shutdown(ctx context.Context) error {
	s.stop(func(c *conn) { c.closeIdle() })
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.serving.Wait()
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close breaks off whatever is still being served.
func (s *Server) Close() { s.stop(func(c *conn) { _ = c.nc.Close() }) }

func (s *Server) stop(end func(*conn)) {
	s.draining.Store(true)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closing.Store(true)
	for l := range s.listeners {
		_ = l.Close()
	}
	for c := range s.conns {
		end(c)
	}
}

func (s *Server) add(c *conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing.Load() {
		return false
	}
	s.conns[c] = true
	s.serving.Add(1)
	return true
}

func (s *Server) remove(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
	s.serving.Done()
}
