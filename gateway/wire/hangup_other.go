//go:build !linux

package wire

import "net"

// Gone reports whether the other side of a connection has hung up, with nothing left to read before that.
func Gone(conn net.Conn) bool {
	var p peeker
	p.of(conn)
	return p.peek() == hungUp
}
