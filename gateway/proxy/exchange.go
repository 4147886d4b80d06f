package proxy

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/glarimy/ums/gateway/policy"
	"github.com/glarimy/ums/shared/header"
)

// Why an exchange was given up by the gateway itself.
var (
	errSwitched = errors.New("the upstream switched protocols unasked")
	errLate     = errors.New("no answer before the route's timeout")
	errStopping = errors.New("the gateway is stopping")
	errSlowBody = errors.New("the client had not sent its body before the route's timeout")
)

// exchange is one request on its way. It travels in the request's context, which is all that ReverseProxy hands to its
// hooks, and stands between ReverseProxy and the client's http.ResponseWriter.
type exchange struct {
	http.ResponseWriter
	call       Call
	inbound    *http.Request
	connection []string // the answer's Connection header as it was set before
	cancel     context.CancelCauseFunc
	body       *policy.Body // nil without one
	timer      *time.Timer  // nil without a deadline
}

type exchangeKey struct{}

func exchangeOf(r *http.Request) *exchange {
	x, _ := r.Context().Value(exchangeKey{}).(*exchange)
	return x
}

// expire ends an exchange whose deadline has passed without an answer. Whoever is waited for is to blame.
func (x *exchange) expire() {
	if x.body == nil || !x.body.Waiting() {
		x.cancel(errLate)
		return
	}
	x.cancel(errSlowBody)
	// The transport returns only after its read of the body has: end that read. The connection is of no further use.
	_ = http.NewResponseController(x.ResponseWriter).SetReadDeadline(time.Unix(1, 0))
}

// WriteHeader passes a status on, save 100: net/http tells the client to continue by itself, once the transport reads
// the body, which it does after the upstream has said so.
func (x *exchange) WriteHeader(status int) {
	if status == http.StatusContinue {
		return
	}
	if status >= http.StatusOK {
		x.restoreHeaders()
	}
	x.ResponseWriter.WriteHeader(status)
}

// Unwrap gives http.ResponseController what lies below.
func (x *exchange) Unwrap() http.ResponseWriter { return x.ResponseWriter }

// restoreHeaders sets again what an interim answer (1xx) has swept away: ReverseProxy clears the header map after one.
func (x *exchange) restoreHeaders() {
	h := x.Header()
	if len(h[header.RequestID]) == 0 {
		h[header.RequestID] = []string{x.call.RequestID}
	}
	if x.connection != nil {
		h["Connection"] = x.connection
	}
}

// answer is the body of an upstream's answer on its way to the client.
type answer struct {
	io.ReadCloser
	proxy    *Proxy
	exchange *exchange
}

// Read passes on what the upstream sends, and reports when it breaks off.
func (a *answer) Read(p []byte) (int, error) {
	n, err := a.ReadCloser.Read(p)
	if err == nil || err == io.EOF {
		return n, err
	}
	inbound := a.exchange.inbound.Context()
	switch {
	case errors.Is(err, errStopping):
		return n, io.EOF
	case inbound.Err() != nil:
		a.proxy.report(a.exchange, Failure{Kind: ClientGone, Err: context.Cause(inbound)})
	default:
		a.proxy.report(a.exchange, Failure{Kind: Broken, Err: err})
	}
	return n, err
}
