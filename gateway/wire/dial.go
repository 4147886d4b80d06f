package wire

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/glarimy/ums/gateway/http1"
	"github.com/glarimy/ums/gateway/socket"
)

// Dial opens a connection. It takes a second at most, and ends at the deadline if that is not zero. Where the name cannot
// be looked up, it takes a second more to try the address that was reached last: a name server that is away, or slow, says
// nothing of the instance. Every error is a *DialError.
func (p *Pool) Dial(ctx context.Context, deadline time.Time) (*Conn, error) {
	raw, err := p.dial(ctx, deadline, p.addr)
	if lookup, ok := errors.AsType[*net.DNSError](err); ok && !lookup.IsNotFound {
		if last := p.lastAddr(); last != "" {
			raw, err = p.dial(ctx, deadline, last)
		}
	}
	if err != nil {
		return nil, &DialError{Err: err}
	}
	p.reached(raw)
	direct := socket.Direct(raw)
	c := &Conn{conn: raw, direct: direct, pool: p}
	c.reader = http1.NewReader(source{c}, &p.buffers)
	c.peeker.of(raw)
	return c, nil
}

func (p *Pool) dial(ctx context.Context, deadline time.Time, addr string) (net.Conn, error) {
	limit := time.Now().Add(dialTimeout)
	if !deadline.IsZero() && deadline.Before(limit) {
		limit = deadline
	}
	ctx, cancel := context.WithDeadline(ctx, limit)
	defer cancel()
	return p.dialer.DialContext(ctx, "tcp", addr)
}

func (p *Pool) lastAddr() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.last
}

func (p *Pool) reached(conn net.Conn) {
	addr := conn.RemoteAddr().String()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last = addr
}
