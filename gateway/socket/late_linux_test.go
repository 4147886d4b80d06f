package socket_test

import (
	"errors"
	"io"
	"os"
	"testing"
	"time"

	"github.com/glarimy/ums/gateway/socket"
)

func TestReadLate(t *testing.T) {
	t.Parallel()
	a, b := pair(t)
	late, ok := socket.Direct(a).(socket.LateReader)
	if !ok {
		t.Fatal("a TCP connection reads no later than it must")
	}
	buffers := new(socket.Buffers)
	for _, text := range []string{"one", "two"} { // the second with a buffer that was used
		wrote := make(chan error, 1)
		go func() {
			_, err := b.Write([]byte(text))
			wrote <- err
		}()
		p, n, err := late.ReadLate(buffers)
		if err != nil || string(p[:n]) != text || len(p) != socket.BufferSize {
			t.Fatalf("ReadLate = %q of %d bytes, %v, want %q", p[:n], len(p), err, text)
		}
		if err := <-wrote; err != nil {
			t.Fatal(err)
		}
		buffers.Put(p)
	}

	if err := a.SetReadDeadline(time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	if p, n, err := late.ReadLate(buffers); p != nil || n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("after its time: %d bytes in a buffer of %d, %v", n, len(p), err)
	}
	if err := errors.Join(a.SetReadDeadline(time.Time{}), b.CloseWrite()); err != nil {
		t.Fatal(err)
	}
	if _, n, err := late.ReadLate(buffers); n != 0 || !errors.Is(err, io.EOF) {
		t.Errorf("at the end: %d bytes, %v", n, err)
	}
}
