//go:build unix

package wire

import (
	"net"
	"syscall"
)

// peek looks at what could be read from a connection, without reading it.
func peek(conn net.Conn) (state readable, err error) {
	if t, ok := conn.(interface{ NetConn() net.Conn }); ok { // TLS
		conn = t.NetConn()
	}
	s, ok := conn.(syscall.Conn)
	if !ok {
		return nothingYet, nil
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return hungUp, err
	}
	err = raw.Control(func(fd uintptr) {
		var one [1]byte
		n, _, errno := syscall.Recvfrom(int(fd), one[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		switch {
		case errno == syscall.EAGAIN || errno == syscall.EINTR:
		case errno == nil && n > 0:
			state = something
		default:
			state = hungUp
		}
	})
	if err != nil {
		return hungUp, err
	}
	return state, nil
}
