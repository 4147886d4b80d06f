package contract

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// maxAnswer bounds what is read of one answer.
const maxAnswer = 4 << 20

// send makes one request and checks the answer. The error is a *failure that tells everything that is not as expected,
// or says why there is no answer.
func (c *Client) send(ctx context.Context, req request, want ...expectation) (*response, error) {
	begun := time.Now()
	exchange := c.overHTTP
	if req.wire || strings.HasPrefix(req.path, "//") { // net/http would take "//…" for an address
		exchange = c.overWire
	}
	res, err := exchange(ctx, req)
	if err != nil {
		c.trace(fmt.Sprintf("%s → %v", req, err))
		return nil, fmt.Errorf("sent %s to %s; no answer came back: %w", req, c.base(req.side), err)
	}
	c.trace(fmt.Sprintf("%s → %s (%s)", req, res, time.Since(begun).Round(time.Microsecond)))
	c.observe(exchangeOf(req, res))
	c.account(req, res)
	return res, res.check(want...)
}

func exchangeOf(req request, res *response) Exchange {
	e := Exchange{
		Method: req.method, Target: req.path, RequestHeader: req.header, Raw: req.raw != "",
		Status: res.status, Header: res.header, Body: res.body,
	}
	if req.body != nil && !e.Raw {
		e.RequestBody = []byte(*req.body)
	}
	return e
}

// account notes what an answer means for the clean-up.
func (c *Client) account(req request, res *response) {
	switch {
	case req.method == http.MethodPost && res.status == http.StatusCreated:
		if r, complaint := parseRecord(res.body); complaint == "" {
			c.added.remember(r.Name)
		}
	case req.method == http.MethodDelete && res.status == http.StatusNoContent:
		if name, err := url.PathUnescape(strings.TrimPrefix(req.path, userPrefix)); err == nil {
			c.added.forget(name)
		}
	}
}

// overHTTP sends through the shared pool of connections. The target is opaque to net/http, which sends it unchanged.
func (c *Client) overHTTP(ctx context.Context, req request) (*response, error) {
	base := c.base(req.side)
	out := &http.Request{
		Method: req.method,
		URL:    &url.URL{Scheme: base.Scheme, Host: base.Host, Opaque: target(base, req.path)},
		Host:   base.Host,
		Header: req.header.Clone(),
	}
	if out.Header == nil {
		out.Header = make(http.Header)
	}
	out.Header.Set("User-Agent", userAgent)
	if req.body != nil {
		out.Body = io.NopCloser(strings.NewReader(*req.body))
		out.ContentLength = int64(len(*req.body))
		if *req.body == "" {
			out.Body = http.NoBody
		} else if req.chunked {
			out.ContentLength = -1
		}
	}
	in, err := c.http.Do(out.WithContext(ctx))
	if err != nil {
		if about, ok := errors.AsType[*url.Error](err); ok {
			err = about.Err // without the request, which the caller tells better
		}
		return nil, err
	}
	defer in.Body.Close()
	res := &response{request: req, base: base, status: in.StatusCode, header: in.Header}
	if isEventStream(res) == "" { // it would not end
		return res, nil
	}
	body, err := io.ReadAll(io.LimitReader(in.Body, maxAnswer))
	if err != nil {
		return nil, fmt.Errorf("the answer %d broke off after %d bytes of its body: %w", in.StatusCode, len(body), err)
	}
	res.body = body
	return res, nil
}
