package edge

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/glarimy/ums/gateway/exchange"
	"github.com/glarimy/ums/gateway/http1"
	"github.com/glarimy/ums/gateway/socket"
)

// maxKept is how much of its buffer a connection keeps between requests, in bytes.
const maxKept = 8 << 10

var errLength = errors.New("the answer's body is not as long as its head says")

// answer writes the answer to one request. It is the exchange's Client.
type answer struct {
	conn *conn
	out  []byte      // not yet sent
	vec  [3][]byte   // the parts of one write
	bufs net.Buffers // the same as net wants them

	minor   int    // of the request
	method  string // of the request
	close   bool   // the connection ends after the answer
	begun   bool
	hasBody bool
	chunked bool
	toClose bool // the end of the connection is the body's
	trailer []exchange.Field
	left    int64 // of a counted body, in bytes
	whole   bool  // End was called in time
	failed  bool
	writeBy time.Time
}

func (a *answer) reset(r *http1.Request) {
	a.minor, a.method, a.close = r.Minor, r.Method, r.Close
	a.begun, a.chunked, a.toClose, a.whole, a.failed, a.left, a.trailer = false, false, false, false, false, 0, nil
}

// rest gives the buffer back, unless answers were so long that it has grown, and forgets the request.
func (a *answer) rest() {
	a.method, a.trailer = "", nil
	if cap(a.out) == socket.BufferSize {
		a.conn.server.buffers.Put(a.out)
		a.out = nil
	}
}

// Interim implements exchange.Client.
func (a *answer) Interim(status int, fields []exchange.Field) error {
	if a.minor == 0 || a.begun {
		return nil
	}
	a.statusLine(status)
	for i := range fields {
		a.field(fields[i].Name, fields[i].Value)
	}
	a.out = append(a.out, "\r\n"...)
	return a.Flush()
}

// Begin implements exchange.Client.
func (a *answer) Begin(status int, fields []exchange.Field, length int64) error {
	a.begun = true
	a.hasBody = http1.HasBody(a.method, status)
	a.left = length
	if !a.close && (a.conn.server.draining.Load() || !a.conn.body.Done()) {
		a.close = true
	}
	dated := false
	a.statusLine(status)
	for i := range fields {
		a.field(fields[i].Name, fields[i].Value)
		dated = dated || len(fields[i].Name) == len("Date") && http1.EqualFold(fields[i].Name, "Date")
	}
	if !dated {
		a.field("Date", a.conn.server.date.at(a.conn.x.Start.Add(a.conn.x.Answer.Wait)))
	}
	a.framing(status, length)
	switch {
	case a.close:
		a.out = append(a.out, "Connection: close\r\n"...)
	case a.minor == 0:
		a.out = append(a.out, "Connection: keep-alive\r\n"...)
	}
	a.out = append(a.out, "\r\n"...)
	return nil
}

// framing says how the end of the body is told.
func (a *answer) framing(status int, length int64) {
	switch {
	case status == http.StatusNoContent: // RFC 9110, section 8.6: neither field
	case length != exchange.Unknown:
		a.out = append(a.out, "Content-Length: "...)
		a.out = strconv.AppendInt(a.out, length, 10)
		a.out = append(a.out, "\r\n"...)
	case !a.hasBody:
	case a.minor == 0:
		a.toClose, a.close = true, true
	default:
		a.chunked = true
		a.out = append(a.out, "Transfer-Encoding: chunked\r\n"...)
	}
}

func (a *answer) statusLine(status int) {
	if a.out == nil {
		a.out = a.conn.server.buffers.Get()[:0]
	}
	a.out = append(a.out, "HTTP/1.1 "...)
	a.out = strconv.AppendInt(a.out, int64(status), 10)
	a.out = append(a.out, ' ')
	a.out = append(a.out, http.StatusText(status)...)
	a.out = append(a.out, "\r\n"...)
}

func (a *answer) field(name, value string) {
	a.out = append(a.out, name...)
	a.out = append(a.out, ": "...)
	a.out = append(a.out, value...)
	a.out = append(a.out, "\r\n"...)
}

// Write implements exchange.Client. What fits into the buffer waits there; what does not is sent from where it is.
func (a *answer) Write(p []byte) (int, error) {
	if !a.hasBody || len(p) == 0 {
		return len(p), nil
	}
	tail := ""
	switch {
	case a.chunked:
		a.out = strconv.AppendInt(a.out, int64(len(p)), 16)
		a.out = append(a.out, "\r\n"...)
		tail = "\r\n"
	case !a.toClose:
		if a.left -= int64(len(p)); a.left < 0 {
			a.failed = true
			return 0, errLength
		}
	}
	if len(a.out)+len(p)+len(tail) <= maxKept {
		a.out = append(append(a.out, p...), tail...)
		return len(p), nil
	}
	if err := a.send(p); err != nil {
		return 0, err
	}
	a.out = append(a.out, tail...)
	return len(p), nil
}

// Flush implements exchange.Client.
func (a *answer) Flush() error {
	if len(a.out) == 0 {
		return nil
	}
	a.limit()
	_, err := a.conn.direct.Write(a.out)
	return a.sent(err)
}

// send sends what waits, and then p.
func (a *answer) send(p []byte) error {
	a.limit()
	a.vec[0], a.vec[1] = a.out, p
	a.bufs = a.vec[:2]
	_, err := a.bufs.WriteTo(a.conn.nc)
	a.vec[0], a.vec[1] = nil, nil
	return a.sent(err)
}

func (a *answer) sent(err error) error {
	if a.out = a.out[:0]; cap(a.out) > 2*maxKept {
		a.out = nil
	}
	a.failed = a.failed || err != nil
	return err
}

// limit moves the write deadline, when a good part of it is gone.
func (a *answer) limit() {
	if now := time.Now(); a.writeBy.Sub(now) < a.conn.server.limits.Write/2 {
		a.writeBy = now.Add(a.conn.server.limits.Write)
		_ = a.conn.nc.SetWriteDeadline(a.writeBy)
	}
}

// Trail implements exchange.Client.
func (a *answer) Trail(fields []exchange.Field) { a.trailer = fields }

// End implements exchange.Client.
func (a *answer) End() error {
	if a.hasBody && !a.chunked && !a.toClose && a.left > 0 {
		a.failed = true
		return errLength
	}
	if a.chunked {
		a.out = append(a.out, "0\r\n"...)
		for i := range a.trailer {
			a.field(a.trailer[i].Name, a.trailer[i].Value)
		}
		a.out = append(a.out, "\r\n"...)
	}
	a.whole = true
	return a.Flush()
}

// CloseAfter implements exchange.Client.
func (a *answer) CloseAfter() { a.close = true }

// Gone implements exchange.Client.
func (a *answer) Gone() bool { return a.conn.gone() }

// StopReading implements exchange.Client.
func (a *answer) StopReading() { a.conn.body.stop() }

// Context implements exchange.Client.
func (a *answer) Context() context.Context { return a.conn.context() }

// finish ends the request, and reports whether the connection may serve another one.
func (a *answer) finish() bool {
	switch {
	case a.failed || !a.begun:
		return false
	case !a.whole:
		_ = a.Flush()
		a.breakOff()
		return false
	case a.close || !a.conn.body.Done() || a.conn.body.stopped.Load():
		a.conn.linger()
		return false
	default:
		return true
	}
}

// breakOff ends an answer so that it does not look whole: where the connection's end would be its end, by a reset, and
// without the word by which TLS tells that the end is meant.
func (a *answer) breakOff() {
	if !a.toClose {
		return
	}
	nc := a.conn.nc
	if secure, ok := nc.(*tls.Conn); ok {
		nc = secure.NetConn()
	}
	if tcp, ok := nc.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = nc.Close()
}

// linger closes the connection in a way that lets the client read the answer although it is still sending: were there
// unread bytes when the connection is closed, the system would throw the answer away (RFC 9112, section 9.6).
func (c *conn) linger() {
	half, ok := c.nc.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil || c.body.Done() && len(c.reader.Buffered()) == 0 {
		return
	}
	if c.nc.SetReadDeadline(time.Now().Add(c.server.limits.Linger)) == nil {
		_, _ = io.CopyN(io.Discard, c.nc, 16<<20)
	}
}
