package edge

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"time"

	"github.com/glarimy/ums/gateway/exchange"
	"github.com/glarimy/ums/gateway/http1"
	"github.com/glarimy/ums/gateway/socket"
	"github.com/glarimy/ums/gateway/wire"
	"github.com/glarimy/ums/shared/problem"
)

// The states of a connection.
const (
	idle   int32 = iota // no byte of a request is here
	active              // a request is read or answered
	ended               // closed by Shutdown
)

// conn is one HTTP/1.1 connection. Its goroutine alone touches it, but for state and the body's stop.
type conn struct {
	server  *Server
	nc      net.Conn
	direct  io.ReadWriter // nc's bytes
	reader  *http1.Reader
	state   atomic.Int32
	request http1.Request
	body    body
	x       exchange.Exchange
	answer  answer
	waitsBy time.Time // the read deadline of the idle connection; zero if another one is set

	ctx    context.Context //nolint:containedctx // made for the few requests that the gateway answers by itself
	cancel context.CancelFunc
}

func newConn(s *Server, nc net.Conn, secure bool) *conn {
	direct := socket.Direct(nc)
	c := &conn{server: s, nc: nc, direct: direct, reader: http1.NewReader(direct, &s.buffers)}
	c.body.conn, c.answer.conn = c, c
	c.x.Client, c.x.Body, c.x.Secure, c.x.Major = &c.answer, &c.body, secure, 1
	c.x.RemoteAddr = nc.RemoteAddr().String()
	if c.x.RemoteIP, _, _ = net.SplitHostPort(c.x.RemoteAddr); c.x.RemoteIP == "" {
		c.x.RemoteIP = c.x.RemoteAddr
	}
	return c
}

// serve serves requests until the connection ends.
func (c *conn) serve() {
	defer func() {
		_ = c.nc.Close()
		if c.cancel != nil {
			c.cancel()
		}
	}()
	for c.await() {
		head, err := c.readHead()
		if err == nil {
			err = c.parse(head)
		}
		if err != nil {
			c.refuse(err)
			return
		}
		c.handle()
		if !c.answer.finish() {
			return
		}
		c.rest()
		c.state.Store(idle)
		if c.server.closing.Load() {
			return
		}
	}
}

// rest gives back what the connection does not need between requests: its buffers, and the last request's head and that of
// its answer, of which each field would keep all.
func (c *conn) rest() {
	c.reader.Rest()
	c.answer.rest()
	fields, x := c.request.Fields, &c.x
	clear(fields)
	c.request = http1.Request{Fields: fields[:0]}
	c.body.SetRequest(c.reader, &c.request)
	clear(x.Fresh[:cap(x.Fresh)])
	clear(x.Upstream[:cap(x.Upstream)])
	x.Reset()
	x.Method, x.Target, x.Host, x.Fields = "", "", "", nil
}

// await waits for the first byte of a request.
func (c *conn) await() bool {
	if len(c.reader.Buffered()) == 0 {
		// The deadline is only moved when a good part of it is gone.
		if now := time.Now(); c.waitsBy.Sub(now) < c.server.limits.Idle*7/8 {
			c.waitsBy = now.Add(c.server.limits.Idle)
			if c.nc.SetReadDeadline(c.waitsBy) != nil {
				return false
			}
		}
		if c.reader.Fill() != nil {
			return false
		}
	}
	return c.state.CompareAndSwap(idle, active)
}

// closeIdle closes the connection unless a request is under way.
func (c *conn) closeIdle() {
	if c.state.CompareAndSwap(idle, ended) {
		_ = c.nc.Close()
	}
}

// readHead reads the head of a request, of which there is at least one byte. One empty line before it is ignored (RFC 9112,
// section 2.2).
func (c *conn) readHead() (string, error) {
	for limited, empty := false, false; ; {
		n, err := c.reader.Head(c.server.limits.HeadBytes)
		switch {
		case err != nil:
			return "", err
		case n > len("\r\n"):
			return c.reader.Take(n), nil
		case n > 0 && empty:
			return "", &http1.SyntaxError{Fault: http1.Malformed, Reason: "the request begins with empty lines"}
		case n > 0:
			empty = true
			c.reader.Discard(n)
			continue // the request may be here already
		}
		if !limited {
			limited = true
			if err := c.limitRead(c.server.limits.Head); err != nil {
				return "", err
			}
		}
		if err := c.reader.Fill(); err != nil {
			return "", err
		}
	}
}

// limitRead sets another deadline for reads than the idle one.
func (c *conn) limitRead(d time.Duration) error {
	c.waitsBy = time.Time{}
	return c.nc.SetReadDeadline(time.Now().Add(d))
}

// parse makes the exchange of the head.
func (c *conn) parse(head string) error {
	r, x := &c.request, &c.x
	if err := r.Parse(head); err != nil {
		return err
	}
	x.Reset()
	x.Start = time.Now()
	x.Method, x.Target, x.Host, x.Minor, x.Fields = r.Method, r.Target, r.Host, r.Minor, r.Fields
	x.Length, x.Expect = r.Length, r.Expect
	if r.Target[0] != '/' {
		if err := c.takeAuthority(); err != nil {
			return err
		}
	}
	c.body.Body.SetRequest(c.reader, r)
	c.body.stopped.Store(false)
	c.reader.Rest() // the head is elsewhere, and the answer may take its time
	c.answer.reset(r)
	if _, whole := c.body.Whole(); !whole {
		return c.limitRead(c.server.limits.Body)
	}
	return nil
}

// takeAuthority has the host of a target in absolute form count, and not the field Host (RFC 9112, section 3.2.2).
func (c *conn) takeAuthority() error {
	_, rest, found := strings.Cut(c.x.Target, "://")
	if !found {
		return nil
	}
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		rest = rest[:end]
	}
	if rest == "" || !http1.IsHost(rest) {
		return &http1.SyntaxError{Fault: http1.Malformed, Reason: "the authority of the request target is no host and port"}
	}
	c.x.Host = rest
	return nil
}

// handle has the request answered. A panic becomes a problem, or breaks off what has been answered.
func (c *conn) handle() {
	defer func() {
		p := recover()
		if p == nil || p == any(http.ErrAbortHandler) {
			return
		}
		c.server.logger.Error("panic", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
		if !c.answer.begun {
			c.answer.close = true
			c.respond(problem.New(problem.Internal, "The request ended in an error of the server's."))
		}
	}()
	c.server.handler.Serve(&c.x)
}

// body is a request's body on its way in. One that was not read to its end has the connection closed. It may be read by
// another goroutine while the handler lives.
type body struct {
	http1.Body
	conn    *conn
	stopped atomic.Bool
}

// stop ends a read that is waiting.
func (b *body) stop() {
	b.stopped.Store(true)
	_ = b.conn.nc.SetReadDeadline(time.Unix(1, 0))
}

// gone reports whether the client has hung up.
func (c *conn) gone() bool { return wire.Gone(c.nc) }

// context returns what ends with the connection.
func (c *conn) context() context.Context {
	if c.ctx == nil {
		c.ctx, c.cancel = context.WithCancel(context.Background())
	}
	return c.ctx
}
