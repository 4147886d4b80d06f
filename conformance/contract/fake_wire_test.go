package contract_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
)

// start serves the fake on a free port, and returns its base address.
// It speaks HTTP/1.1 itself: net/http would answer bad targets by itself, and could not send a body where none may be.
func (f *fake) start(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		conns = map[net.Conn]struct{}{}
	)
	wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			conns[conn] = struct{}{}
			mu.Unlock()
			wg.Go(func() {
				f.converse(conn)
				mu.Lock()
				delete(conns, conn)
				mu.Unlock()
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		mu.Lock()
		for conn := range conns {
			_ = conn.Close()
		}
		mu.Unlock()
		wg.Wait()
	})
	return "http://" + l.Addr().String()
}

// converse answers requests until one of the sides has enough.
func (f *fake) converse(conn net.Conn) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	for {
		r, err := readRequest(in)
		var broken *net.OpError
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.As(err, &broken):
			return
		case err != nil:
			f.refuse(conn, in, err)
			return
		}
		a := f.answer(r)
		if a.stream != nil && r.Method == http.MethodGet {
			f.pour(conn, in, a)
			return
		}
		if write(conn, r.Method, a) != nil {
			return
		}
		if _, err := io.CopyN(io.Discard, r.Body, 4<<20); !errors.Is(err, io.EOF) || r.Close {
			return
		}
	}
}

// pour writes an answer that does not end by itself.
func (f *fake) pour(conn net.Conn, in io.Reader, a answer) {
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		_, _ = io.Copy(io.Discard, in)
	}()
	defer func() {
		_ = conn.Close()
		<-gone
	}()
	a.header.Set("Connection", "close")
	var head bytes.Buffer
	fmt.Fprintf(&head, "HTTP/1.1 %d %s\r\n", a.status, http.StatusText(a.status))
	_ = a.header.Write(&head) // a buffer takes everything
	if _, err := conn.Write(append(head.Bytes(), "\r\n"...)); err == nil {
		a.stream(conn, gone)
	}
}

// errTooLarge says that a header is too large to be read.
var errTooLarge = errors.New("the header is too large")

func readRequest(in *bufio.Reader) (*http.Request, error) {
	r, err := http.ReadRequest(in)
	switch {
	case err != nil:
		return nil, err
	case r.Host == "":
		return nil, errors.New("there is no Host")
	case len(r.Header["X Y"]) > 0:
		return nil, errors.New("that is no header's name")
	case len(r.Header.Get("X-Huge")) > 1<<20:
		return nil, errTooLarge
	}
	return r, nil
}

// refuse answers a request that cannot be read.
func (f *fake) refuse(conn net.Conn, in *bufio.Reader, why error) {
	a := f.finish(&http.Request{Method: "GET", RequestURI: "/"}, func() answer {
		if errors.Is(why, errTooLarge) {
			return problem("header-too-large", http.StatusRequestHeaderFieldsTooLarge)
		}
		return problem("malformed-request", http.StatusBadRequest)
	}())
	a.header.Set("Connection", "close")
	if f.has("plain-refusal") {
		a.header.Set("Content-Type", "text/plain")
		a.body = []byte(http.StatusText(a.status))
	}
	_ = write(conn, "GET", a)
	_ = conn.(*net.TCPConn).CloseWrite()
	_, _ = io.Copy(io.Discard, in)
}

func write(w io.Writer, method string, a answer) error {
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "HTTP/1.1 %d %s\r\n", a.status, http.StatusText(a.status))
	empty := a.status == http.StatusNoContent || a.status == http.StatusNotModified
	if _, set := a.header["Content-Length"]; !set && !empty {
		a.header.Set("Content-Length", fmt.Sprint(len(a.body)))
	}
	if err := a.header.Write(out); err != nil {
		return err
	}
	_, _ = out.WriteString("\r\n") // Flush tells the error
	if !empty && method != "HEAD" || a.surplus {
		_, _ = out.Write(a.body)
	}
	return out.Flush()
}
