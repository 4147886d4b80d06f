package wire

import (
	"crypto/tls"
	"net"
	"time"
)

// Alive looks, without waiting, whether the upstream has closed an idle connection or sent something unasked, and closes
// it then. Look before every request: what was sent unasked would be taken for the answer to it. It costs a system call,
// which Ask saves.
func (c *Conn) Alive() bool {
	if len(c.reader.Buffered()) == 0 && c.peeker.quiet() && !c.decrypted() {
		return true
	}
	c.Close()
	return false
}

// decrypted reports whether TLS has read something ahead, which the system knows nothing of any more.
func (c *Conn) decrypted() bool {
	if _, ok := c.conn.(*tls.Conn); !ok {
		return false
	}
	if c.conn.SetReadDeadline(time.Unix(1, 0)) != nil {
		return true
	}
	return !IsTimeout(c.reader.Fill())
}

// quiet reports whether the connection is open and has nothing to read. Where the system cannot tell, it is taken not to be.
func (p *peeker) quiet() bool { return p.peek() == nothingYet }

// under returns the connection that TLS is spoken over, or conn itself.
func under(conn net.Conn) net.Conn {
	if t, ok := conn.(interface{ NetConn() net.Conn }); ok {
		return t.NetConn()
	}
	return conn
}

type readable int

const (
	unknown readable = iota
	nothingYet
	something
	hungUp
)
