package edge

import (
	"context"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/glarimy/ums/gateway/exchange"
)

// HTTPHandler lets a server of net/http serve what h answers: it is how HTTP/2 comes in. Of the limits, it looks after
// those of the body and of writing. draining may be nil.
func HTTPHandler(h exchange.Handler, l Limits, draining func() bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := &client{w: w, r: r, controller: http.NewResponseController(w), writeWithin: l.Write}
		x := &exchange.Exchange{
			Method: r.Method, Target: rawTarget(r), Host: r.Host, Major: r.ProtoMajor, Minor: r.ProtoMinor,
			Length: r.ContentLength, Expect: r.Header.Get("Expect") != "", RemoteAddr: r.RemoteAddr, RemoteIP: r.RemoteAddr,
			Secure: r.TLS != nil, Start: time.Now(), Client: c, Body: &c.body, AsksItself: true,
		}
		if ip, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
			x.RemoteIP = ip
		}
		for name, values := range r.Header {
			for _, value := range values {
				x.Fields = append(x.Fields, exchange.Field{Name: name, Value: value})
			}
		}
		c.body.reader, c.body.done = r.Body, r.ContentLength == 0
		if !c.body.done {
			_ = c.controller.SetReadDeadline(time.Now().Add(l.Body))
		}
		if draining != nil && draining() {
			c.CloseAfter()
		}
		h.Serve(x)
		if c.begun && !c.whole {
			panic(http.ErrAbortHandler) // half an answer must not look whole
		}
		if !c.begun {
			w.WriteHeader(statusClientGone)
		}
	})
}

// statusClientGone is sent to nobody.
const statusClientGone = 499

func rawTarget(r *http.Request) string {
	if r.RequestURI == "" {
		return r.URL.RequestURI()
	}
	return r.RequestURI
}

// client is the exchange's Client over net/http.
type client struct {
	w           http.ResponseWriter
	r           *http.Request
	controller  *http.ResponseController
	writeWithin time.Duration
	body        httpBody
	begun       bool
	whole       bool
	close       bool
}

// Interim implements exchange.Client.
func (c *client) Interim(status int, fields []exchange.Field) error {
	if status == http.StatusContinue { // net/http sends it as the body is read
		return nil
	}
	h := c.w.Header()
	for _, f := range fields {
		h.Add(f.Name, f.Value)
	}
	c.w.WriteHeader(status)
	clear(h)
	return nil
}

// Begin implements exchange.Client.
func (c *client) Begin(status int, fields []exchange.Field, length int64) error {
	c.begun = true
	h := c.w.Header()
	for _, f := range fields {
		h.Add(f.Name, f.Value)
	}
	if length != exchange.Unknown && status != http.StatusNoContent {
		h.Set("Content-Length", strconv.FormatInt(length, 10))
	}
	if c.close {
		h.Set("Connection", "close")
	}
	if h.Get("Content-Type") == "" {
		h["Content-Type"] = nil // net/http would guess one
	}
	c.w.WriteHeader(status)
	return nil
}

// Write implements exchange.Client.
func (c *client) Write(p []byte) (int, error) {
	c.limit()
	defer c.unlimit()
	return c.w.Write(p)
}

// Flush implements exchange.Client.
func (c *client) Flush() error {
	c.limit()
	defer c.unlimit()
	return c.controller.Flush()
}

// limit sets the write deadline, after which the stream is reset, so that a client that opens no window holds nothing.
func (c *client) limit() { _ = c.controller.SetWriteDeadline(time.Now().Add(c.writeWithin)) }

// unlimit takes the write deadline back. A connection's only matters while something is written; a stream's would end it
// also while the upstream is silent.
func (c *client) unlimit() { _ = c.controller.SetWriteDeadline(time.Time{}) }

// Trail implements exchange.Client.
func (c *client) Trail(fields []exchange.Field) {
	for _, f := range fields {
		c.w.Header().Add(f.Name, f.Value)
	}
}

// End implements exchange.Client.
func (c *client) End() error {
	c.whole = true
	c.limit() // of the last part, which net/http sends after the handler
	return nil
}

// CloseAfter implements exchange.Client.
func (c *client) CloseAfter() { c.close = true }

// Gone implements exchange.Client.
func (c *client) Gone() bool { return c.r.Context().Err() != nil }

// StopReading implements exchange.Client.
func (c *client) StopReading() {
	_ = c.controller.SetReadDeadline(time.Unix(1, 0))
}

// Context implements exchange.Client.
func (c *client) Context() context.Context { return c.r.Context() }

// httpBody is a request's body as net/http gives it.
type httpBody struct {
	reader io.Reader
	done   bool
}

// Whole implements exchange.Body.
func (b *httpBody) Whole() ([]byte, bool) { return nil, b.done }

// Skip implements exchange.Body.
func (b *httpBody) Skip() {}

// Read reads the body.
func (b *httpBody) Read(p []byte) (int, error) {
	n, err := b.reader.Read(p)
	b.done = err == io.EOF
	return n, err
}
