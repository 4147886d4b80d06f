//go:build unix

package wire

import (
	"net"
	"syscall"
)

// peeker looks at what could be read from a connection, without reading it. What a look needs is made once, since there is
// one before every request. One goroutine may use it at a time.
type peeker struct {
	raw   syscall.RawConn // nil: the system cannot tell
	look  func(fd uintptr)
	state readable
}

// of sets the connection.
func (p *peeker) of(conn net.Conn) {
	s, ok := under(conn).(syscall.Conn)
	if !ok {
		return
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return
	}
	p.raw, p.look = raw, p.receive
}

func (p *peeker) peek() readable {
	if p.raw == nil {
		return unknown
	}
	if p.raw.Control(p.look) != nil { // it is closed
		return hungUp
	}
	return p.state
}

func (p *peeker) receive(fd uintptr) {
	var one [1]byte
	n, _, err := syscall.Recvfrom(int(fd), one[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	switch {
	case err == syscall.EAGAIN || err == syscall.EINTR:
		p.state = nothingYet
	case err == nil && n > 0:
		p.state = something
	default:
		p.state = hungUp
	}
}
