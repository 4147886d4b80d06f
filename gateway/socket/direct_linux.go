package socket

import (
	"io"
	"net"
	"os"
	"syscall"
	"unsafe"
)

// Direct returns a reader and writer of a connection. One goroutine may read and one may write at a time; deadlines, Close
// and everything else is the connection's. Where nothing can be saved it is the connection itself.
func Direct(conn net.Conn) io.ReadWriter {
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return conn
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return conn
	}
	d := &direct{raw: raw}
	// Made once, as a method value is allocated.
	d.tryRead, d.tryLate, d.tryWrite, d.tryAsk = d.in.read, d.in.readLate, d.out.write, d.in.ask
	return d
}

type direct struct {
	raw      syscall.RawConn
	in, out  transfer
	tryRead  func(fd uintptr) bool
	tryLate  func(fd uintptr) bool
	tryWrite func(fd uintptr) bool
	tryAsk   func(fd uintptr) bool
}

// transfer is a read or a write under way.
type transfer struct {
	p       []byte
	n       int
	err     error
	request []byte // what Ask has still to send
	buffers *Buffers
}

// Read implements io.Reader.
func (d *direct) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	d.in = transfer{p: p}
	err := d.raw.Read(d.tryRead)
	d.in.p = nil
	if err == nil {
		err = d.in.err
	}
	return d.in.n, err
}

// ReadLate implements LateReader.
func (d *direct) ReadLate(b *Buffers) ([]byte, int, error) {
	d.in = transfer{buffers: b}
	err := d.raw.Read(d.tryLate)
	p := d.in.p
	d.in.p, d.in.buffers = nil, nil
	if err == nil {
		err = d.in.err
	}
	return p, d.in.n, err
}

// Write implements io.Writer.
func (d *direct) Write(p []byte) (int, error) {
	d.out = transfer{p: p}
	err := d.raw.Write(d.tryWrite)
	d.out.p = nil
	if err == nil {
		err = d.out.err
	}
	return d.out.n, err
}

// Ask implements Asker.
func (d *direct) Ask(request []byte, b *Buffers) ([]byte, int, error) {
	d.in = transfer{request: request, buffers: b}
	err := d.raw.Read(d.tryAsk)
	p, rest := d.in.p, d.in.request
	d.in.p, d.in.buffers, d.in.request = nil, nil, nil
	if err != nil && len(rest) == len(request) {
		return nil, 0, &UnsentError{Err: err}
	}
	if err == nil {
		err = d.in.err
	}
	if err != nil || len(rest) == 0 {
		return p, d.in.n, err
	}
	if _, err := d.Write(rest); err != nil {
		return nil, 0, err
	}
	return d.ReadLate(b)
}

// ask is called when readiness has been reset: of what comes from now on the poller will tell, so that there is no need to
// try to read before. What came earlier, the look finds.
func (t *transfer) ask(fd uintptr) bool {
	if len(t.request) == 0 {
		return t.readLate(fd)
	}
	if !silent(fd) {
		t.err = ErrSpoken
		return true
	}
	n, errno := call(syscall.SYS_WRITE, fd, t.request)
	if errno != 0 && errno != syscall.EAGAIN {
		t.err = failed("write", errno)
		return true
	}
	t.request = t.request[n:]
	return len(t.request) > 0 // then the rest waits until the connection takes it
}

// read reads once. It returns false if there is nothing yet.
func (t *transfer) read(fd uintptr) bool {
	n, errno := call(syscall.SYS_READ, fd, t.p)
	switch {
	case errno == syscall.EAGAIN:
		return false
	case errno != 0:
		t.err = failed("read", errno)
	case n == 0:
		t.err = io.EOF
	}
	t.n = n
	return true
}

// readLate reads once, into a buffer that it takes if there is something.
func (t *transfer) readLate(fd uintptr) bool {
	t.p = t.buffers.Get()
	if t.read(fd) {
		return true
	}
	t.buffers.Put(t.p)
	t.p = nil
	return false
}

// write writes what is left. It returns false if the connection takes no more for now.
func (t *transfer) write(fd uintptr) bool {
	for t.n < len(t.p) {
		n, errno := call(syscall.SYS_WRITE, fd, t.p[t.n:])
		if errno == syscall.EAGAIN {
			return false
		}
		if errno != 0 {
			t.err = failed("write", errno)
			return true
		}
		t.n += n
	}
	return true
}

// silent reports whether there is nothing to read, not even the end.
func silent(fd uintptr) bool {
	var one [1]byte
	for {
		//nolint:gosec // as rule 4 of package unsafe has it
		_, _, errno := syscall.RawSyscall6(syscall.SYS_RECVFROM, fd, uintptr(unsafe.Pointer(&one)), 1,
			syscall.MSG_PEEK|syscall.MSG_DONTWAIT, 0, 0)
		if errno != syscall.EINTR {
			return errno == syscall.EAGAIN
		}
	}
}

func failed(what string, errno syscall.Errno) error {
	return &net.OpError{Op: what, Net: "tcp", Err: os.NewSyscallError(what, errno)}
}

func call(number, fd uintptr, p []byte) (int, syscall.Errno) {
	for {
		//nolint:gosec // as rule 4 of package unsafe has it
		n, _, errno := syscall.RawSyscall(number, fd, uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)))
		switch errno {
		case 0:
			return int(n), 0
		case syscall.EINTR:
		default:
			return 0, errno
		}
	}
}
