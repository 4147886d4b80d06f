package wire

import (
	"context"
	"crypto/tls"
	"net"
	"sync"
	"time"

	"github.com/glarimy/ums/gateway/socket"
)

const (
	// dialTimeout is within every sensible route's timeout, so that an upstream that swallows packets is told apart
	// from a slow one.
	dialTimeout = time.Second
	// idleTimeout is below that of the services' servers: it is the gateway that closes an idle connection, and hardly
	// ever sends a request down one that the service is just closing.
	idleTimeout = 90 * time.Second
	idleConns   = 256 // beyond them a connection is closed after its request
)

// Pool is the connections to one instance. It is safe for concurrent use.
type Pool struct {
	host   string // as in Host
	addr   string // host:port
	dialer interface {
		DialContext(ctx context.Context, network, addr string) (net.Conn, error)
	}

	buffers socket.Buffers

	mu     sync.Mutex
	idle   []*Conn // the latest used last
	closed bool
	sweep  *time.Timer // runs while there are idle connections
	last   string      // IP and port of the latest connection that was opened
}

// Endpoint is where an instance is.
type Endpoint struct {
	Addr       string // host:port to connect to
	Host       string // what requests name
	TLS        bool
	ServerName string // that the instance's certificate must have
}

// NewPool returns the connections to an instance. It opens none before the first request. A nil resolver is the system's.
func NewPool(e Endpoint, resolver *net.Resolver) *Pool {
	p := &Pool{host: e.Host, addr: e.Addr}
	plain := &net.Dialer{Timeout: dialTimeout, KeepAlive: 15 * time.Second, Resolver: resolver}
	p.dialer = plain
	if e.TLS {
		config := &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}, ServerName: e.ServerName}
		p.dialer = &tls.Dialer{NetDialer: plain, Config: config}
	}
	return p
}

// Addr returns the instance's address, for logs.
func (p *Pool) Addr() string { return p.addr }

// Idle returns the connection that was used last, or nil if there is none. Use it only if it is Alive, or by Ask where
// that looks itself (AsksAlive): the upstream may have closed it meanwhile, or sent something over it.
func (p *Pool) Idle() *Conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	last := len(p.idle) - 1
	if last < 0 {
		return nil
	}
	c := p.idle[last]
	p.idle[last] = nil
	p.idle = p.idle[:last]
	return c
}

// Close closes the connections that no request uses, and henceforth those that a request gives back. A request that comes
// late is still served.
func (p *Pool) Close() {
	p.mu.Lock()
	idle := p.idle
	p.idle, p.closed = nil, true
	p.mu.Unlock()
	for _, c := range idle {
		c.Close()
	}
}

// put keeps a connection for the next request.
func (p *Pool) put(c *Conn) {
	c.used, c.since = true, time.Now()
	c.rest()
	p.mu.Lock()
	full := p.closed || len(p.idle) >= idleConns
	if !full {
		p.idle = append(p.idle, c)
		if p.sweep == nil {
			p.sweep = time.AfterFunc(idleTimeout, p.closeOld)
		}
	}
	p.mu.Unlock()
	if full {
		c.Close()
	}
}

// closeOld closes what has been idle for too long, and comes again while there is something left.
func (p *Pool) closeOld() {
	p.mu.Lock()
	old, limit := 0, time.Now().Add(-idleTimeout)
	for old < len(p.idle) && p.idle[old].since.Before(limit) {
		old++
	}
	closing := append([]*Conn(nil), p.idle[:old]...)
	kept := copy(p.idle, p.idle[old:])
	clear(p.idle[kept:])
	p.idle = p.idle[:kept]
	p.sweep = nil
	if kept > 0 {
		p.sweep = time.AfterFunc(idleTimeout/4, p.closeOld)
	}
	p.mu.Unlock()
	for _, c := range closing {
		c.Close()
	}
}
