package gateway_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// rawUpstream is a service that is only a socket: it remembers each request byte for byte, and answers what it is told.
// Go's own server would decode and tidy what the tests are about.
type rawUpstream struct {
	url    string
	answer func(net.Conn, *bufio.Reader) bool // reads nothing of the head; returns whether to go on with the connection
	mu     sync.Mutex
	heads  []string
	conns  map[net.Conn]bool
}

const okAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

// newRawUpstream starts an upstream that answers every request with the given bytes, after it has read the body.
func newRawUpstream(tb testing.TB, answer string) *rawUpstream {
	tb.Helper()
	return newRawUpstreamFunc(tb, func(conn net.Conn, _ *bufio.Reader) bool {
		_, err := io.WriteString(conn, answer)
		return err == nil
	})
}

// newRawUpstreamFunc starts an upstream that leaves the answer to a function.
func newRawUpstreamFunc(tb testing.TB, answer func(net.Conn, *bufio.Reader) bool) *rawUpstream {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	u := &rawUpstream{url: "http://" + l.Addr().String(), answer: answer, conns: map[net.Conn]bool{}}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			u.mu.Lock()
			u.conns[conn] = true
			u.mu.Unlock()
			serving.Go(func() { u.serve(conn) })
		}
	})
	tb.Cleanup(func() {
		_ = l.Close()
		u.mu.Lock()
		for conn := range u.conns {
			_ = conn.Close()
		}
		u.mu.Unlock()
		serving.Wait()
	})
	return u
}

func (u *rawUpstream) serve(conn net.Conn) {
	defer conn.Close()
	r := bufio.NewReader(conn)
	for {
		head, err := readHead(r)
		if err != nil {
			return
		}
		if err := skipBody(r, head); err != nil {
			head += "(the body broke off: " + err.Error() + ")"
		}
		u.mu.Lock()
		u.heads = append(u.heads, head)
		u.mu.Unlock()
		if !u.answer(conn, r) {
			return
		}
	}
}

// requests returns the heads of the requests so far.
func (u *rawUpstream) requests() []string {
	u.mu.Lock()
	defer u.mu.Unlock()
	return append([]string(nil), u.heads...)
}

// last returns the head of the only request so far, and forgets it.
func (u *rawUpstream) last(tb testing.TB) string {
	tb.Helper()
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.heads) != 1 {
		tb.Fatalf("the upstream has seen %d requests, want 1: %q", len(u.heads), u.heads)
	}
	head := u.heads[0]
	u.heads = nil
	return head
}

// target returns the request target in a head.
func target(head string) string {
	line, _, _ := strings.Cut(head, "\r\n")
	line, _ = strings.CutSuffix(line, " HTTP/1.1")
	_, target, _ := strings.Cut(line, " ")
	return target
}

// values returns the values of a header in a head, matched without regard to case.
func values(head, name string) []string {
	var list []string
	for line := range strings.SplitSeq(head, "\r\n") {
		if n, value, found := strings.Cut(line, ": "); found && strings.EqualFold(n, name) {
			list = append(list, value)
		}
	}
	return list
}

func readHead(r *bufio.Reader) (string, error) {
	var head strings.Builder
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return "", err
		}
		head.WriteString(line)
		if line == "\r\n" {
			return head.String(), nil
		}
	}
}

// skipBody reads the body that a head announces.
func skipBody(r *bufio.Reader, head string) error {
	if n := values(head, "Content-Length"); len(n) == 1 {
		length, err := strconv.ParseInt(n[0], 10, 64)
		if err != nil {
			return err
		}
		_, err = io.CopyN(io.Discard, r, length)
		return err
	}
	if len(values(head, "Transfer-Encoding")) == 0 {
		return nil
	}
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return err
		}
		size, err := strconv.ParseInt(strings.TrimSpace(line), 16, 64)
		if err != nil {
			return err
		}
		if _, err := io.CopyN(io.Discard, r, size+2); err != nil || size == 0 {
			return err
		}
	}
}

// rawClient is one connection to a gateway, on which the tests write bytes.
type rawClient struct {
	net.Conn
	reader *bufio.Reader
}

func dialRaw(tb testing.TB, addr string) *rawClient {
	tb.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = conn.Close() })
	return &rawClient{Conn: conn, reader: bufio.NewReader(conn)}
}

func (c *rawClient) write(tb testing.TB, format string, args ...any) {
	tb.Helper()
	if _, err := fmt.Fprintf(c, format, args...); err != nil {
		tb.Fatal(err)
	}
}

// response is an answer whose body has been read.
type response struct {
	*http.Response
	body    []byte
	bodyErr error // why the body broke off
}

// read reads the answer to a request with the given method; io.ErrUnexpectedEOF or the like if none comes.
func (c *rawClient) read(method string) (response, error) {
	res, err := http.ReadResponse(c.reader, &http.Request{Method: method})
	if err != nil {
		return response{}, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return response{Response: res, body: body, bodyErr: err}, nil
}

// roundTrip sends a request of raw bytes over a connection of its own and reads the answer.
func roundTrip(tb testing.TB, addr, raw string) response {
	tb.Helper()
	c := dialRaw(tb, addr)
	// The gateway may answer and hang up before it has read everything.
	if _, err := io.Copy(c, bytes.NewReader([]byte(raw))); err != nil && !isReset(err) {
		tb.Fatal(err)
	}
	method, _, _ := strings.Cut(raw, " ")
	for {
		res, err := c.read(method)
		if err != nil {
			tb.Fatalf("no answer to %.80q: %v", raw, err)
		}
		if res.StatusCode >= http.StatusOK { // interim answers are not what most tests are about
			return res
		}
	}
}

func isReset(err error) bool {
	_, ok := errors.AsType[*net.OpError](err)
	return ok
}
