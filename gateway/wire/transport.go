package wire

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/glarimy/ums/gateway/http1"
)

const (
	maxAnswer = 8 << 20 // bytes of a body that RoundTrip reads
	maxAsked  = 1 << 20 // bytes of a body that RoundTrip sends
)

// RoundTrip sends a request of the gateway's own and reads the whole answer. It is for small messages, not for what
// clients send. The request's URL gives the target alone. It implements [http.RoundTripper].
func (p *Pool) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := readRequestBody(r)
	if err != nil {
		return nil, err
	}
	for fresh := false; ; fresh = true {
		var c *Conn
		if !fresh {
			c = p.Idle()
		}
		if c == nil || !c.Alive() {
			fresh = true
			deadline, _ := r.Context().Deadline()
			if c, err = p.Dial(r.Context(), deadline); err != nil {
				return nil, err
			}
		}
		response, err := c.roundTrip(r, body)
		if err == nil {
			return response, nil
		}
		retry := c.Stale(err) && !fresh && (r.Method == http.MethodGet || r.Method == http.MethodHead)
		c.Close()
		if !retry {
			return nil, errors.Join(err, context.Cause(r.Context()))
		}
	}
}

func readRequestBody(r *http.Request) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	defer func() { _ = r.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(r.Body, maxAsked+1))
	if err == nil && len(body) > maxAsked {
		err = fmt.Errorf("a request's body has more than %d bytes", maxAsked)
	}
	return body, err
}

func (c *Conn) roundTrip(r *http.Request, body []byte) (*http.Response, error) {
	stop := context.AfterFunc(r.Context(), c.Interrupt)
	defer stop()
	c.Begin(r.Method, r.URL.RequestURI())
	for name, values := range r.Header {
		for _, value := range values {
			c.Field(name, value)
		}
	}
	c.EndHead(int64(len(body)))
	c.Append(body)
	if err := c.Flush(); err != nil {
		return nil, err
	}
	head, err := c.ReadHead(time.Time{})
	for err == nil && head.Status < http.StatusOK {
		head, err = c.ReadHead(time.Time{})
	}
	if err != nil {
		return nil, err
	}
	response := newResponse(r, head)
	content, err := io.ReadAll(io.LimitReader(c.Body(), maxAnswer+1))
	if err == nil && len(content) > maxAnswer {
		err = fmt.Errorf("an answer has more than %d bytes", maxAnswer)
	}
	if err != nil {
		return nil, err
	}
	response.Body = io.NopCloser(bytes.NewReader(content))
	if http1.HasBody(r.Method, head.Status) {
		response.ContentLength = int64(len(content))
	}
	c.Release()
	return response, nil
}

func newResponse(r *http.Request, head *http1.Response) *http.Response {
	response := &http.Response{
		Status: fmt.Sprintf("%d %s", head.Status, http.StatusText(head.Status)), StatusCode: head.Status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: make(http.Header, len(head.Fields)), ContentLength: head.Length, Request: r,
	}
	for _, f := range head.Fields {
		response.Header.Add(f.Name, f.Value)
	}
	return response
}
