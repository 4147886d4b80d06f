package wire

import (
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// Gone reports whether the other side of a connection has hung up, or ended its direction, whatever it has sent before:
// bytes that nobody will read, such as the goodbye of TLS, do not hide it.
func Gone(conn net.Conn) (gone bool) {
	s, ok := under(conn).(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return true
	}
	err = raw.Control(func(fd uintptr) {
		fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLRDHUP}} //nolint:gosec // a descriptor fits
		n, err := unix.Poll(fds, 0)
		gone = err == nil && n > 0
	})
	return gone || err != nil
}
