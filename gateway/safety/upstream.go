package safety

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// upstream is a raw server that keeps every byte that it was sent.
type upstream struct {
	listener net.Listener
	behavior Behavior

	mu      sync.Mutex
	changed chan struct{} // closed, and made anew, whenever something arrives
	conns   []*recording
	running sync.WaitGroup
}

// recording is a connection with all that came over it.
type recording struct {
	net.Conn
	upstream *upstream
	bytes    []byte // guarded by the upstream's mutex, like ended
	ended    bool
}

func newUpstream(ctx context.Context, b Behavior) (*upstream, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen as an upstream: %w", err)
	}
	u := &upstream{listener: l, behavior: b, changed: make(chan struct{})}
	u.running.Go(u.accept)
	return u, nil
}

func (u *upstream) accept() {
	for {
		conn, err := u.listener.Accept()
		if err != nil {
			return
		}
		c := &recording{Conn: conn, upstream: u}
		u.change(func() { u.conns = append(u.conns, c) })
		u.running.Go(func() {
			u.serve(c)
			_, _ = io.Copy(io.Discard, c) // whatever else comes is evidence, too
			_ = c.Close()
		})
	}
}

// change changes what is guarded, and wakes who waits for it.
func (u *upstream) change(f func()) {
	u.mu.Lock()
	defer u.mu.Unlock()
	f()
	close(u.changed)
	u.changed = make(chan struct{})
}

// Read keeps what it reads.
func (c *recording) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.upstream.change(func() {
		c.bytes = append(c.bytes, p[:n]...)
		c.ended = c.ended || err != nil
	})
	return n, err
}

// await waits until what the upstream was sent fulfils a condition.
func (u *upstream) await(ctx context.Context, what string, fulfilled func(sent string) bool) error {
	for {
		u.mu.Lock()
		var sent bytes.Buffer
		for _, c := range u.conns {
			sent.Write(c.bytes)
		}
		changed := u.changed
		u.mu.Unlock()
		if fulfilled(sent.String()) {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("wait until the upstream has %s; it has %q: %w", what, sent.String(), ctx.Err())
		}
	}
}

// settle returns what was received once no open connection holds an unfinished request: a server may take a moment to drop
// one that it has given up.
func (u *upstream) settle(ctx context.Context) (Received, error) {
	for {
		u.mu.Lock()
		changed := u.changed
		u.mu.Unlock()
		got, err := u.received()
		if !errors.Is(err, ErrUnfinished) {
			return got, err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return got, err
		}
	}
}

// received parses all that came, and leaves the suite's own requests out. The error tells of bytes that are no request, or
// in the form of ErrUnfinished, that a connection which is still open holds an unfinished one.
func (u *upstream) received() (Received, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	var all Received
	for _, c := range u.conns {
		for rest := c.bytes; len(rest) > 0; {
			request, after, err := ParseRequest(rest)
			if errors.Is(err, ErrUnfinished) {
				all.Unfinished = append(all.Unfinished, rest)
				if !c.ended {
					return all, fmt.Errorf("a connection to the upstream is open and holds %.300q: %w", rest, err)
				}
				break
			}
			if err != nil {
				return all, fmt.Errorf("the upstream was sent %.300q: %w", rest, err)
			}
			if !isOwn(request.Target) {
				all.Requests = append(all.Requests, request)
			}
			rest = after
		}
	}
	return all, nil
}

// forget drops all that was recorded.
func (u *upstream) forget() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.conns = slices.DeleteFunc(u.conns, func(c *recording) bool { return c.ended })
	for _, c := range u.conns {
		c.bytes = nil
	}
}

// isOwn reports whether a request is the suite's, or a health check.
func isOwn(target string) bool {
	return strings.HasSuffix(target, sentinel) || strings.HasSuffix(target, keptTarget) ||
		target == "/readyz" || target == "/livez"
}

func (u *upstream) close() error {
	err := u.listener.Close()
	u.mu.Lock()
	for _, c := range u.conns {
		_ = c.Close()
	}
	u.mu.Unlock()
	u.running.Wait()
	return err
}

// Exchange is a request that an upstream was sent, up to its body, and the connection to answer over.
type Exchange struct {
	Head   *http.Request // its body is read from the connection
	Conn   net.Conn
	reader *bufio.Reader
}

func (u *upstream) serve(c *recording) {
	reader := bufio.NewReader(c)
	for {
		head, err := http.ReadRequest(reader)
		if err != nil {
			return
		}
		x := &Exchange{Head: head, Conn: c, reader: reader}
		serve := u.behavior.serve
		if serve == nil || isOwn(head.RequestURI) {
			serve = echo
		}
		if !serve(x) {
			_ = c.Close()
			return
		}
	}
}

// Answer writes raw bytes.
func (x *Exchange) Answer(raw string) { _, _ = io.WriteString(x.Conn, raw) }

// ReadBody reads the request's body to its end and reports whether there was one.
func (x *Exchange) ReadBody() bool {
	_, err := io.Copy(io.Discard, x.Head.Body)
	return err == nil
}

// echo answers with the request's method and target, so that a client can tell whose answer it got.
func echo(x *Exchange) bool {
	if x.Head.Header.Get("Expect") != "" {
		x.Answer("HTTP/1.1 100 Continue\r\n\r\n")
	}
	if !x.ReadBody() {
		return false
	}
	body := x.Head.Method + " " + x.Head.RequestURI
	if x.Head.Method == http.MethodHead {
		x.Answer(fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", len(body)))
		return true
	}
	x.Answer(fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s", len(body), body))
	return true
}

// answers is the behavior of an upstream that reads a request whole and answers with raw bytes; then it keeps the
// connection.
func answers(raw string) Behavior {
	return Behavior{Says: fmt.Sprintf("answers %s", quote(raw)), serve: func(x *Exchange) bool {
		if !x.ReadBody() {
			return false
		}
		x.Answer(raw)
		return true
	}}
}

// answersAndCloses is answers, and the end of the connection.
func answersAndCloses(raw string) Behavior {
	b := answers(raw)
	b.Says += " and closes"
	serve := b.serve
	b.serve = func(x *Exchange) bool { serve(x); return false }
	return b
}

// answersEarly is the behavior of an upstream that answers on the request's head, and keeps the connection or closes it.
func answersEarly(raw string, keep bool) Behavior {
	says := fmt.Sprintf("answers %s before the body has ended", quote(raw))
	if !keep {
		says += ", and closes"
	}
	return Behavior{Says: says, serve: func(x *Exchange) bool {
		x.Answer(raw)
		return keep && x.ReadBody()
	}}
}

// silent is the behavior of an upstream that reads and never answers.
func silent() Behavior {
	return Behavior{Says: "reads, and never answers", serve: func(x *Exchange) bool {
		_, _ = io.Copy(io.Discard, x.reader)
		return false
	}}
}

// waitsThen is the behavior of an upstream that answers in two parts, a moment apart.
func waitsThen(first, second string) Behavior {
	return Behavior{Says: fmt.Sprintf("answers %s, and 50 ms later %s", quote(first), quote(second)),
		serve: func(x *Exchange) bool {
			if !x.ReadBody() {
				return false
			}
			x.Answer(first)
			<-time.After(50 * time.Millisecond)
			x.Answer(second)
			return true
		}}
}
