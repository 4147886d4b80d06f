package wire

import "net"

// Alive looks, without waiting, whether the upstream has closed an idle connection or sent something unasked, and closes
// it then. It costs a system call, which is for requests that cannot be repeated.
func (c *Conn) Alive() bool {
	if len(c.reader.Buffered()) == 0 && Quiet(c.conn) {
		return true
	}
	c.Close()
	return false
}

// Quiet reports whether a connection is open and has nothing to read. Where the system cannot tell, it is taken to be.
func Quiet(conn net.Conn) bool {
	state, _ := peek(conn)
	return state == nothingYet
}

// Gone reports whether the other side of a connection has hung up, with nothing left to read before that.
func Gone(conn net.Conn) bool {
	state, _ := peek(conn)
	return state == hungUp
}

type readable int

const (
	nothingYet readable = iota
	something
	hungUp
)
