package wire

import (
	"errors"
	"io"
	"net"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/glarimy/ums/gateway/http1"
	"github.com/glarimy/ums/gateway/socket"
)

const (
	maxHead    = 64 << 10 // bytes of the head of an answer
	maxKept    = 16 << 10 // bytes that are kept of a buffer between requests
	maxInterim = 8        // interim answers before the final one
)

// Conn is one connection, used for one request at a time: Begin, Field…, EndHead, the body, Flush; then ReadHead until
// the answer is the final one, and its body. Release ends the request. Interrupt alone may be called by other goroutines.
type Conn struct {
	conn   net.Conn
	direct io.ReadWriter // conn's bytes
	pool   *Pool
	peeker peeker
	reader *http1.Reader
	out    []byte // not yet sent
	head   http1.Response
	body   http1.Body
	method string

	asking      bool // what is in out is sent by the next read
	used        bool // for a request before this one
	since       time.Time
	sent        bool // a byte of the request
	answered    bool // a byte of the answer is here
	final       bool // the head of the final answer is read
	chunkedBody bool // of the request
	interim     int
	spoilt      bool // not to be used again
	interrupted atomic.Bool
}

// Begin begins a request. The target goes out as it is.
func (c *Conn) Begin(method, target string) {
	c.method, c.interim = method, 0
	c.sent, c.answered, c.final, c.chunkedBody, c.asking = false, false, false, false, false
	if c.out == nil {
		c.out = c.pool.buffers.Get()
	}
	c.out = append(c.out[:0], method...)
	c.out = append(c.out, ' ')
	c.out = append(c.out, target...)
	c.out = append(c.out, " HTTP/1.1\r\nHost: "...)
	c.out = append(c.out, c.pool.host...)
	c.out = append(c.out, "\r\n"...)
}

// Field adds a header field.
func (c *Conn) Field(name, value string) {
	c.out = append(c.out, name...)
	c.out = append(c.out, ": "...)
	c.out = append(c.out, value...)
	c.out = append(c.out, "\r\n"...)
}

// FieldInt adds a header field that is a number.
func (c *Conn) FieldInt(name string, value int64) {
	c.out = append(c.out, name...)
	c.out = append(c.out, ": "...)
	c.out = strconv.AppendInt(c.out, value, 10)
	c.out = append(c.out, "\r\n"...)
}

// EndHead ends the head, with the body's framing: its length in bytes, or http1.Unknown. A body of length 0 is only told
// of where the method usually has one (RFC 9110, section 8.6).
func (c *Conn) EndHead(length int64) {
	switch {
	case length == http1.Unknown:
		c.chunkedBody = true
		c.Field("Transfer-Encoding", "chunked")
	case length > 0 || c.method == "POST" || c.method == "PUT" || c.method == "PATCH":
		c.FieldInt("Content-Length", length)
	}
	c.out = append(c.out, "\r\n"...)
}

// Append adds bytes of a body of known length to what Flush sends.
func (c *Conn) Append(p []byte) { c.out = append(c.out, p...) }

// Write sends a part of the body, framed as EndHead said.
func (c *Conn) Write(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if c.chunkedBody {
		c.out = strconv.AppendInt(c.out, int64(len(p)), 16)
		c.out = append(c.out, "\r\n"...)
		c.out = append(c.out, p...)
		c.out = append(c.out, "\r\n"...)
	} else {
		c.out = append(c.out, p...)
	}
	return len(p), c.Flush()
}

// EndBody ends the body and sends what is left of it.
func (c *Conn) EndBody() error {
	if c.chunkedBody {
		c.out = append(c.out, "0\r\n\r\n"...)
	}
	return c.Flush()
}

// Flush sends what is not sent yet.
func (c *Conn) Flush() error {
	if len(c.out) == 0 {
		return nil
	}
	c.sent = true
	_, err := c.direct.Write(c.out)
	c.emptied()
	return err
}

func (c *Conn) emptied() {
	if c.out = c.out[:0]; cap(c.out) > maxKept {
		c.out = nil
	}
}

// ReadHead reads the head of an answer, interim or final, and waits for it until a time; a zero time is no limit. After
// an error for which IsTimeout is true it may be called again. The answer is valid until the next call.
func (c *Conn) ReadHead(until time.Time) (*http1.Response, error) {
	if err := c.setReadDeadline(until); err != nil {
		return nil, err
	}
	for {
		n, err := c.reader.Head(maxHead)
		if err != nil {
			return nil, err
		}
		if n > 0 {
			return c.parse(n)
		}
		if err := c.reader.Fill(); err != nil {
			if errors.Is(err, io.EOF) && c.answered {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
		c.answered = true
	}
}

func (c *Conn) parse(n int) (*http1.Response, error) {
	if err := c.head.Parse(c.reader.Take(n)); err != nil {
		return nil, err
	}
	switch {
	case c.head.Status == 101:
		return nil, errSwitched()
	case c.head.Status >= 200:
		c.final = true
		c.body.SetResponse(c.reader, &c.head, c.method)
	default:
		if c.interim++; c.interim > maxInterim {
			return nil, errors.New("the upstream sent interim answers without end")
		}
	}
	return &c.head, nil
}

func errSwitched() error { return errors.New("the upstream switched protocols unasked") }

// Body returns the body of the final answer.
func (c *Conn) Body() *http1.Body { return &c.body }

// Pending reports whether some of the body, or its end, is here and not yet read, so that a read need not wait.
func (c *Conn) Pending() bool { return c.body.Ready() }

// WaitBody sets how long a read of the body may wait; a zero time is no limit.
func (c *Conn) WaitBody(until time.Time) error { return c.setReadDeadline(until) }

// Stale reports whether err, of the first attempt to write or read, is what a connection says that the upstream closed
// while it was idle: it was used before, and nothing of an answer came. The request may or may not have been processed.
func (c *Conn) Stale(err error) bool {
	return c.used && !c.answered && !IsTimeout(err) && !c.interrupted.Load()
}

// Sent reports whether any of the request was sent. It is not for a request whose body another goroutine sends.
func (c *Conn) Sent() bool { return c.sent }

// Interrupt ends a read that is waiting, and every one to come, as if it had timed out.
func (c *Conn) Interrupt() {
	c.interrupted.Store(true)
	_ = c.conn.SetReadDeadline(time.Unix(1, 0))
}

// Interrupted reports whether Interrupt was called.
func (c *Conn) Interrupted() bool { return c.interrupted.Load() }

// LimitWrites sets until when writes may take; a zero time is no limit.
func (c *Conn) LimitWrites(until time.Time) { _ = c.conn.SetWriteDeadline(until) }

// Spoil has Release close the connection: what was sent is not the whole request.
func (c *Conn) Spoil() { c.spoilt = true }

// Release ends the request: the connection is kept if the answer was read to its end and nothing speaks against it.
func (c *Conn) Release() {
	if !c.final || !c.body.Done() || c.body.ToClose() || c.head.Close || len(c.out) > 0 ||
		len(c.reader.Buffered()) > 0 || c.spoilt || c.interrupted.Load() {
		c.Close()
		return
	}
	c.pool.put(c)
}

// rest gives back what the connection does not need between requests.
func (c *Conn) rest() {
	c.reader.Rest()
	clear(c.head.Fields) // which keep the whole head
	c.body = http1.Body{}
	if cap(c.out) == socket.BufferSize {
		c.pool.buffers.Put(c.out)
		c.out = nil
	}
}

// Close closes the connection.
func (c *Conn) Close() { _ = c.conn.Close() }

func (c *Conn) setReadDeadline(t time.Time) error {
	if err := c.conn.SetReadDeadline(t); err != nil {
		return err
	}
	if c.interrupted.Load() { // it may have come between
		return c.conn.SetReadDeadline(time.Unix(1, 0))
	}
	return nil
}
