package socket_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/glarimy/ums/gateway/socket"
)

func TestAsk(t *testing.T) {
	t.Parallel()
	for name, size := range map[string]int{"small": 100, "more than the system buffers": 16 << 20} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, b := pair(t)
			asker, _ := socket.Direct(a).(socket.Asker)
			request, buffers := bytes.Repeat([]byte("q"), size), new(socket.Buffers)
			for range 3 {
				go func() {
					if _, err := io.ReadFull(b, make([]byte, size)); err != nil {
						t.Error(err)
					}
					_, _ = b.Write([]byte("answer"))
				}()
				answer, n, err := asker.Ask(request, buffers)
				if err != nil || string(answer[:n]) != "answer" {
					t.Fatalf("Ask = %q, %v", answer[:n], err)
				}
				buffers.Put(answer)
			}
		})
	}
}

// TestAsk_spoken: bytes that were sent unasked, and a hang-up, are found before anything is sent.
func TestAsk_spoken(t *testing.T) {
	t.Parallel()
	for name, hangUp := range map[string]bool{"a byte": false, "the end": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, b := pair(t)
			asker, _ := socket.Direct(a).(socket.Asker)
			if hangUp {
				_ = b.CloseWrite()
			} else {
				_, _ = b.Write([]byte("x"))
			}
			awaitReadable(t, a)
			if _, _, err := asker.Ask([]byte("q"), new(socket.Buffers)); !errors.Is(err, socket.ErrSpoken) {
				t.Fatalf("Ask = %v", err)
			}
			_ = a.CloseWrite()
			if sent, err := io.ReadAll(b); err != nil || len(sent) > 0 {
				t.Errorf("it was sent %q, %v", sent, err)
			}
		})
	}
}

// awaitReadable waits until a read would not wait.
func awaitReadable(t *testing.T, conn *net.TCPConn) {
	t.Helper()
	raw, err := conn.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	if err := raw.Read(func(fd uintptr) bool {
		_, _, err := syscall.Recvfrom(int(fd), make([]byte, 1), syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		return err != syscall.EAGAIN
	}); err != nil {
		t.Fatal(err)
	}
}

// TestAsk_manyTimes has the answer come at every moment around the request: no wake-up is missed.
func TestAsk_manyTimes(t *testing.T) {
	t.Parallel()
	a, b := pair(t)
	asker, _ := socket.Direct(a).(socket.Asker)
	go func() {
		buffer := make([]byte, 1)
		for {
			if _, err := b.Read(buffer); err != nil {
				return
			}
			if _, err := b.Write(buffer); err != nil {
				return
			}
		}
	}()
	if err := a.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	buffers := new(socket.Buffers)
	for i := range 20_000 {
		want := []byte{byte(i)}
		answer, n, err := asker.Ask(want, buffers)
		if err != nil || !bytes.Equal(answer[:n], want) {
			t.Fatalf("answer %d: %v, %v", i, answer[:n], err)
		}
		buffers.Put(answer)
	}
}
