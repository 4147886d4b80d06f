package socket_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/glarimy/ums/gateway/socket"
)

// pair returns the two ends of a TCP connection.
func pair(t testing.TB) (a, b *net.TCPConn) {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	dialed, err := new(net.Dialer).DialContext(t.Context(), "tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	accepted, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	a, b = dialed.(*net.TCPConn), accepted.(*net.TCPConn)
	t.Cleanup(func() { _, _ = a.Close(), b.Close() })
	return a, b
}

// TestDirect sends more than the system buffers, both ways at once.
func TestDirect(t *testing.T) {
	t.Parallel()
	a, b := pair(t)
	sent := make([]byte, 16<<20)
	_, _ = rand.Read(sent)
	directA, directB := socket.Direct(a), socket.Direct(b)
	failed := make(chan error, 2)
	for conn, end := range map[io.Writer]*net.TCPConn{directA: a, directB: b} {
		go func() {
			n, err := conn.Write(sent)
			if err == nil && n != len(sent) {
				err = io.ErrShortWrite
			}
			failed <- errors.Join(err, end.CloseWrite())
		}()
	}
	gotA := make(chan []byte, 1)
	go func() {
		got, err := io.ReadAll(directA)
		gotA <- got
		failed <- err
	}()
	got, err := io.ReadAll(directB)
	if err != nil || !bytes.Equal(got, sent) {
		t.Errorf("one way: %d bytes of %d, %v", len(got), len(sent), err)
	}
	if got := <-gotA; !bytes.Equal(got, sent) {
		t.Errorf("the other way: %d bytes of %d", len(got), len(sent))
	}
	for range 3 {
		if err := <-failed; err != nil {
			t.Error(err)
		}
	}
}

// TestDirect_errors: they are those of the connection itself.
func TestDirect_errors(t *testing.T) {
	t.Parallel()
	one := make([]byte, 1)
	many := make([]byte, 64<<20)
	isTimeout := func(err error) bool {
		timeout, ok := errors.AsType[net.Error](err)
		return ok && timeout.Timeout()
	}
	for name, tt := range map[string]struct {
		prepare func(a, b *net.TCPConn)
		write   []byte
		want    func(error) bool
	}{
		"the end":            {func(_, b *net.TCPConn) { _ = b.CloseWrite() }, nil, func(err error) bool { return err == io.EOF }},
		"a read's deadline":  {func(a, _ *net.TCPConn) { _ = a.SetReadDeadline(time.Unix(1, 0)) }, nil, isTimeout},
		"a write's deadline": {func(a, _ *net.TCPConn) { _ = a.SetWriteDeadline(time.Now().Add(20 * time.Millisecond)) }, many, isTimeout},
		"closed, read":       {func(a, _ *net.TCPConn) { _ = a.Close() }, nil, func(err error) bool { return errors.Is(err, net.ErrClosed) }},
		"closed, write":      {func(a, _ *net.TCPConn) { _ = a.Close() }, one, func(err error) bool { return errors.Is(err, net.ErrClosed) }},
		"a reset": {func(_, b *net.TCPConn) {
			_ = b.SetLinger(0)
			_ = b.Close()
		}, many, func(err error) bool { return err != nil && !isTimeout(err) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, b := pair(t)
			direct := socket.Direct(a)
			tt.prepare(a, b)
			var n int
			var err error
			if tt.write == nil {
				n, err = direct.Read(one)
			} else {
				n, err = direct.Write(tt.write)
			}
			if !tt.want(err) || n == len(tt.write) && n > 0 {
				t.Errorf("%d bytes, %v", n, err)
			}
		})
	}
}

// TestDirect_interrupted: a deadline that passes ends a read that waits.
func TestDirect_interrupted(t *testing.T) {
	t.Parallel()
	a, _ := pair(t)
	ended := make(chan error, 1)
	go func() {
		_, err := socket.Direct(a).Read(make([]byte, 1))
		ended <- err
	}()
	_ = a.SetReadDeadline(time.Unix(1, 0))
	if err := <-ended; err == nil {
		t.Error("the read went on")
	}
}

func TestDirect_nothing(t *testing.T) {
	t.Parallel()
	a, _ := pair(t)
	direct := socket.Direct(a)
	for name, call := range map[string]func([]byte) (int, error){"Read": direct.Read, "Write": direct.Write} {
		if n, err := call(nil); n != 0 || err != nil {
			t.Errorf("%s of nothing: %d, %v", name, n, err)
		}
	}
}

func TestDirect_ofAnotherKind(t *testing.T) {
	t.Parallel()
	a, b := net.Pipe()
	defer func() { _, _ = a.Close(), b.Close() }()
	if got := socket.Direct(a); got != io.ReadWriter(a) {
		t.Errorf("a pipe became a %T", got)
	}
}

//nolint:paralleltest // testing.AllocsPerRun counts for the whole process
func TestDirect_allocatesNothing(t *testing.T) {
	a, b := pair(t)
	from, to := socket.Direct(a), socket.Direct(b)
	message := make([]byte, 100)
	if n := testing.AllocsPerRun(100, func() {
		if _, err := from.Write(message); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(to, message); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// BenchmarkRoundTrip compares with package net alone.
func BenchmarkRoundTrip(b *testing.B) {
	for name, of := range map[string]func(net.Conn) io.ReadWriter{
		"net":    func(c net.Conn) io.ReadWriter { return c },
		"direct": socket.Direct,
	} {
		b.Run(name, func(b *testing.B) {
			x, y := pair(b)
			near, far := of(x), of(y)
			go func() { _, _ = io.CopyBuffer(far, struct{ io.Reader }{far}, make([]byte, 4<<10)) }()
			message := make([]byte, 256)
			for b.Loop() {
				if _, err := near.Write(message); err != nil {
					b.Fatal(err)
				}
				if _, err := io.ReadFull(near, message); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
