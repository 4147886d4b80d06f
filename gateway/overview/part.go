package overview

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/glarimy/ums/gateway/config"
	"github.com/glarimy/ums/gateway/policy"
	"github.com/glarimy/ums/gateway/route"
	"github.com/glarimy/ums/shared/header"
	"github.com/glarimy/ums/shared/problem"
)

// part is one part of an aggregate, ready to be asked for.
type part struct {
	config.Part
	template  route.Template
	base      url.URL
	transport http.RoundTripper
}

// baseOf returns where an upstream is; transports that choose an instance by themselves look at the path alone.
func baseOf(u config.Upstream) url.URL {
	if u.URL == nil {
		return url.URL{Scheme: "http", Host: u.Slot}
	}
	return url.URL{Scheme: u.URL.Scheme, Host: u.URL.Host}
}

// asking is what the parts of one request have in common.
type asking struct {
	values  map[string]string
	headers http.Header
	inbound *http.Request
}

// pendingPart is a part that has been asked for.
type pendingPart struct {
	part   *part
	ctx    context.Context //nolint:containedctx // that of the part's own request
	cancel context.CancelFunc
	came   chan outcome
}

// ask sends the request for a part, and returns at once.
func (p *part) ask(ctx context.Context, a asking) *pendingPart {
	pending := &pendingPart{part: p, came: make(chan outcome, 1)}
	pending.ctx, pending.cancel = context.WithTimeout(ctx, p.Timeout)
	go func() { pending.came <- p.fetch(pending.ctx, a) }()
	return pending
}

// wait returns what became of the part, once its time is over at the latest.
func (p *pendingPart) wait() outcome {
	defer p.cancel()
	select {
	case o := <-p.came:
		return o
	case <-p.ctx.Done():
	}
	select {
	case o := <-p.came: // both are there, so chance shall not decide
		return o
	default:
		return p.part.fail(Timeout, p.ctx.Err())
	}
}

// fetch asks for the part and reads its answer whole.
func (p *part) fetch(ctx context.Context, a asking) outcome {
	res, err := p.transport.RoundTrip(p.request(ctx, a)) // not a client: nobody is to send the gateway elsewhere
	if err != nil {
		return p.fail(kindOf(ctx, err), err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(res.Body, p.Limit+1))
	switch {
	case int64(len(body)) > p.Limit:
		return p.fail(Invalid, errTooLarge)
	case ctx.Err() != nil:
		return p.fail(Timeout, ctx.Err())
	case err != nil:
		return p.fail(Broken, fmt.Errorf("read the answer: %w", err))
	}
	return p.judge(res, body)
}

func (p *part) request(ctx context.Context, a asking) *http.Request {
	target := p.template.Fill(func(name string) string { return a.values[name] })
	u := p.base // of a URL's two ways to say a path, Opaque alone is not decoded and encoded again
	u.Opaque, u.RawQuery, u.ForceQuery = strings.Cut(target.String(), "?")
	headers := a.headers.Clone()
	if deadline, ok := ctx.Deadline(); ok {
		headers.Set(header.Deadline, strconv.FormatInt(policy.DeadlineMs(time.Until(deadline)), 10))
	}
	r := &http.Request{
		Method: http.MethodGet, URL: &u, Host: u.Host, Header: headers,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Body: http.NoBody,
	}
	return r.WithContext(ctx)
}

// judge tells what an answer that came whole comes to.
func (p *part) judge(res *http.Response, body []byte) outcome {
	value := jsontext.Value(body)
	isValid := value.IsValid()
	value = jsontext.Value(strings.TrimSpace(string(value)))
	switch {
	case res.StatusCode == http.StatusOK && isJSON(res) && isValid:
		return outcome{part: p, status: res.StatusCode, body: value}
	case res.StatusCode == http.StatusOK:
		return p.fail(Invalid, errors.New("the answer is not JSON"))
	case res.StatusCode >= http.StatusBadRequest && media(res) == problem.ContentType && isValid && value.Kind() == '{':
		return outcome{part: p, status: res.StatusCode, problem: value, retryAfter: res.Header.Values("Retry-After")}
	default:
		return p.fail(Invalid, fmt.Errorf("the status of the answer is %d, without a problem", res.StatusCode))
	}
}

// fail returns the outcome of a part for which the gateway has to speak.
func (p *part) fail(kind Kind, err error) outcome {
	return outcome{part: p, failure: &Failure{Slot: p.Upstream, Part: p.Name, Kind: kind, Err: err}}
}

// kindOf tells from a RoundTripper's error what happened. One that knows that it sent nothing says so by a method
// NotSent.
func kindOf(ctx context.Context, err error) Kind {
	if unsent, ok := errors.AsType[interface {
		error
		NotSent() bool
	}](err); ok && unsent.NotSent() {
		return Unavailable
	}
	if ctx.Err() != nil {
		return Timeout
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
		return Unavailable
	}
	return Broken
}

func isJSON(res *http.Response) bool {
	m := media(res)
	return m == "application/json" || strings.HasPrefix(m, "application/") && strings.HasSuffix(m, "+json")
}

func media(res *http.Response) string {
	m, _, err := mime.ParseMediaType(res.Header.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return m
}
