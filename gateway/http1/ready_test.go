package http1_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/glarimy/ums/gateway/http1"
	"github.com/glarimy/ums/gateway/socket"
)

// errWaits is what a connection answers on which nothing more has come.
var errWaits = errors.New("nothing has come yet")

// arrived is a connection on which a text has arrived, and then nothing.
type arrived struct {
	text  io.Reader
	waits int // how often more was asked for
}

func (a *arrived) Read(p []byte) (int, error) {
	if n, err := a.text.Read(p); err == nil {
		return n, nil
	}
	a.waits++
	return 0, errWaits
}

// TestBody_Ready reads every beginning of some answers: a body is ready if and only if reading it does not ask the
// connection for more.
func TestBody_Ready(t *testing.T) {
	t.Parallel()
	for _, answer := range []string{
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n6;x=y\r\nsecond\r\n0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX: y\r\nZ: z\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst",
		"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nfirst",
		"HTTP/1.1 204 No Content\r\n\r\n",
	} {
		head := strings.Index(answer, "\r\n\r\n") + 4
		for end := head; end <= len(answer); end++ {
			readAsReady(t, answer[:end])
		}
	}
}

func readAsReady(t *testing.T, text string) {
	t.Helper()
	conn := &arrived{text: strings.NewReader(text)}
	r := http1.NewReader(conn, new(socket.Buffers))
	if err := r.Fill(); err != nil {
		t.Fatal(err)
	}
	n, err := r.Head(1 << 10)
	if err != nil || n == 0 {
		t.Fatalf("%q: %d, %v", text, n, err)
	}
	var head http1.Response
	if err := head.Parse(r.Take(n)); err != nil {
		t.Fatal(err)
	}
	var body http1.Body
	body.SetResponse(r, &head, "GET")
	for read := ""; ; {
		ready, buffer := body.Ready(), make([]byte, 3)
		n, err := body.Read(buffer)
		if waited := conn.waits > 0; ready == waited {
			t.Errorf("%q, of which %q was read: ready %t, but reading asked for more: %t", text, read, ready, waited)
		}
		if err != nil {
			return
		}
		read += string(buffer[:n])
	}
}
