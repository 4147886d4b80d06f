package httpserver

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/glarimy/ums/shared/header"
	"github.com/glarimy/ums/shared/problem"
)

// refusalListener makes connections on which net/http's own refusals are problems. What is not HTTP at all never comes
// to a handler: net/http answers it by itself, in plain text, and leaves no other place to say it better.
type refusalListener struct {
	net.Listener
	logger *slog.Logger
}

func (l refusalListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	tcp, ok := c.(*net.TCPConn)
	if !ok {
		return c, nil
	}
	conn := &refusalConn{TCPConn: tcp, logger: l.logger}
	conn.between.Store(true)
	return conn, nil
}

// refusalConn looks at the first write of each answer alone, so that no handler's body is ever taken for a refusal.
type refusalConn struct {
	*net.TCPConn
	logger  *slog.Logger
	between atomic.Bool // nothing has been written since the last answer ended
}

// connState is the hook by which net/http tells that an answer has ended.
func connState(c net.Conn, state http.ConnState) {
	if conn, ok := c.(*refusalConn); ok && state == http.StateIdle {
		conn.between.Store(true)
	}
}

func (c *refusalConn) Write(b []byte) (int, error) {
	if c.between.Load() && c.between.Swap(false) {
		if p, ok := refusal(b); ok {
			return c.refuse(p, b)
		}
	}
	return c.TCPConn.Write(b)
}

// refuse writes p in the place of b.
func (c *refusalConn) refuse(p problem.Problem, b []byte) (int, error) {
	p.RequestID = NewRequestID()
	c.logger.Debug("request refused", "request_id", p.RequestID, "status", p.Status)
	body, err := json.Marshal(p)
	if err != nil {
		return c.TCPConn.Write(b)
	}
	answer := http.Response{
		StatusCode: p.Status, ProtoMajor: 1, ProtoMinor: 1, Close: true,
		ContentLength: int64(len(body)),
		Body:          io.NopCloser(bytes.NewReader(body)),
		Header: http.Header{
			"Content-Type":           {problem.ContentType},
			"Cache-Control":          {"no-store"},
			"Date":                   {time.Now().UTC().Format(http.TimeFormat)},
			"X-Content-Type-Options": {"nosniff"},
			header.RequestID:         {p.RequestID},
		},
	}
	var whole bytes.Buffer // so that it leaves in one piece, as net/http's would
	if err := answer.Write(&whole); err != nil {
		return c.TCPConn.Write(b)
	}
	if _, err := c.TCPConn.Write(whole.Bytes()); err != nil {
		return 0, err
	}
	return len(b), nil
}

// What follows the status line of net/http's own answers (net/http, server.go: conn.serve and sendExpectationFailed).
// No handler's answer looks like it: those have X-Request-Id among these lines.
const (
	afterRefusal     = "Content-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n"
	afterExpectation = "Connection: close\r\nDate: "
)

// refusal returns the problem that says what net/http says by b, if b is a refusal.
func refusal(b []byte) (problem.Problem, bool) {
	const version = "HTTP/1.1 "
	if len(b) <= len(version) || b[len(version)] < '4' || string(b[:len(version)]) != version {
		return problem.Problem{}, false
	}
	line, rest, _ := bytes.Cut(b[len(version):], []byte("\r\n"))
	switch {
	case bytes.HasPrefix(rest, []byte(afterRefusal)):
		status, reason, _ := strings.Cut(string(line), " ")
		return describe(status, reason)
	case bytes.HasPrefix(rest, []byte(afterExpectation)) && bytes.HasPrefix(line, []byte("417 ")):
		return problem.New(problem.ExpectationFailed, "The only expectation that can be met is 100-continue."), true
	default:
		return problem.Problem{}, false
	}
}

func describe(status, reason string) (problem.Problem, bool) {
	switch status {
	case "400":
		detail := "The request line, its target or a header field cannot be read."
		if _, why, ok := strings.Cut(reason, ": "); ok {
			detail = "The request cannot be read: " + why + "."
		}
		return problem.New(problem.MalformedRequest, detail), true
	case "431":
		return problem.New(problem.HeadersTooLarge, "The request line and the header fields are too long together."), true
	case "501":
		return problem.New(problem.UnsupportedTransferCoding, "The only transfer coding understood is chunked."), true
	case "505":
		return problem.New(problem.UnsupportedHTTPVersion, "The versions understood are HTTP/1.0 and HTTP/1.1."), true
	default:
		return problem.Problem{}, false
	}
}
