// Package proxy is the gateway's data path: it carries a request to the service that fills a slot, and the answer back,
// over net/http and httputil.ReverseProxy. It decides nothing about routes; what it is told about one request is in a
// Call. Bodies flow through unbuffered in both directions.
package proxy

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httputil"
	"net/url"
	"time"

	"github.com/glarimy/ums/gateway/policy"
	"github.com/glarimy/ums/gateway/route"
	"github.com/glarimy/ums/shared/header"
)

// Options is what a Proxy needs.
type Options struct {
	Slot string   // names the upstream to clients
	URL  *url.URL // scheme and host of the upstream
	// OnFailure is told of every request that did not end well, after the client was. It may be called concurrently.
	OnFailure func(context.Context, Failure)
}

// Proxy carries requests to one upstream. It is safe for concurrent use.
type Proxy struct {
	slot      string
	scheme    string
	host      string
	onFailure func(context.Context, Failure)
	transport *http.Transport
	reverse   httputil.ReverseProxy
}

// Call is what holds for one request.
type Call struct {
	Target    route.Target // goes upstream byte for byte
	RequestID string
	Deadline  time.Time // the first byte of the answer is there by then; zero: whenever it likes
	BodyLimit int64     // bytes of the request's body; 0: it has none
	// Stopping ends the call when it is done, and an answer that has begun as if it were complete: so streams end when
	// the gateway stops. Nil: the call ends by itself.
	Stopping context.Context //nolint:containedctx // a signal that outlives the call, not the call's own context
}

// New returns a proxy. It opens no connection before the first request.
func New(o Options) *Proxy {
	p := &Proxy{
		slot:      o.Slot,
		scheme:    o.URL.Scheme,
		host:      o.URL.Host,
		onFailure: o.OnFailure,
		transport: newTransport(),
	}
	p.reverse = httputil.ReverseProxy{
		Transport:      p.transport,
		Rewrite:        p.rewrite,
		ModifyResponse: p.receive,
		ErrorHandler:   p.fail,
		BufferPool:     newBufferPool(),
		// All that ReverseProxy would log, OnFailure is told, with the request's id.
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
	}
	return p
}

// Forward answers a request with what the upstream answers, or with a problem that names the slot. It panics with
// http.ErrAbortHandler when an answer breaks off in its midst, as handlers do, so that the client sees it break off.
func (p *Proxy) Forward(w http.ResponseWriter, r *http.Request, c Call) {
	x := &exchange{ResponseWriter: w, call: c, inbound: r, connection: w.Header()["Connection"]}
	if r.ContentLength > c.BodyLimit {
		p.refuse(w, x, Failure{Kind: BodyTooLarge, Err: policy.ErrBodyTooLarge})
		return
	}
	ctx, cancel := context.WithCancelCause(context.WithValue(r.Context(), exchangeKey{}, x))
	defer cancel(nil)
	x.cancel = cancel
	r = r.WithContext(ctx) // a copy: the caller's request stays as it is
	if r.ContentLength != 0 {
		x.body = policy.NewBody(r.Body, c.BodyLimit)
		r.Body = x.body
	}
	if !c.Deadline.IsZero() {
		x.timer = time.AfterFunc(time.Until(c.Deadline), x.expire)
		defer x.timer.Stop()
	}
	if c.Stopping != nil {
		defer context.AfterFunc(c.Stopping, func() { cancel(errStopping) })()
	}
	if r.ContentLength < 0 && c.BodyLimit == 0 {
		// Only the end of a chunked body tells whether there is one. A service that expects none would not read it, and
		// act on a request that the client is told was refused: so see to the end first.
		if _, err := io.Copy(io.Discard, x.body); err != nil {
			p.fail(w, r, err)
			return
		}
		r.Body, r.ContentLength, r.TransferEncoding = http.NoBody, 0, nil
	}
	p.reverse.ServeHTTP(x, r)
}

// RoundTrip sends a request of the gateway's own, over the connections to the upstream that clients' requests use too. It
// implements [http.RoundTripper].
func (p *Proxy) RoundTrip(r *http.Request) (*http.Response, error) { return p.transport.RoundTrip(r) }

// Close closes the connections that no request uses.
func (p *Proxy) Close() { p.transport.CloseIdleConnections() }

// rewrite makes the upstream's request of the client's.
func (p *Proxy) rewrite(pr *httputil.ProxyRequest) {
	out, x := pr.Out, exchangeOf(pr.In)
	// Of a URL's two ways to say a path, Opaque alone is written out without being decoded and encoded again. The path
	// begins with one slash: a route has matched it.
	u := out.URL
	u.Scheme, u.Host, u.Opaque = p.scheme, p.host, x.call.Target.Path
	u.RawQuery, u.ForceQuery = x.call.Target.Query, x.call.Target.HasQuery
	out.Host = "" // the upstream's own; the client's is in X-Forwarded-Host
	out.Trailer = nil

	policy.StripRequest(out.Header)
	policy.AddVia(out.Header, pr.In.ProtoMajor, pr.In.ProtoMinor)
	pr.SetXForwarded()
	out.Header[header.RequestID] = []string{x.call.RequestID}
	if !x.call.Deadline.IsZero() {
		policy.SetDeadline(out.Header, time.Until(x.call.Deadline))
	}
}

// receive sees the head of the upstream's answer: the deadline is kept, and the rest may take its time.
func (p *Proxy) receive(res *http.Response) error {
	x := exchangeOf(res.Request)
	switch {
	case x.timer != nil && !x.timer.Stop():
		return errLate
	case res.StatusCode == http.StatusSwitchingProtocols:
		return errSwitched
	}
	policy.StripResponse(res.Header)
	res.Body = &answer{ReadCloser: res.Body, proxy: p, exchange: x}
	return nil
}
