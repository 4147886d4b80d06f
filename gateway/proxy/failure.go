package proxy

import (
	"context"
	"errors"
	"net/http"
	"os"

	"github.com/glarimy/ums/gateway/policy"
	"github.com/glarimy/ums/shared/problem"
)

// Kind is a way for an exchange to end badly.
type Kind string

// The kinds of failure, by who is at fault: the upstream for the first three, the client for the others.
const (
	Unavailable  Kind = "unavailable" // no connection could be opened: the request reached nobody
	Timeout      Kind = "timeout"     // no answer in time
	Broken       Kind = "broken"      // the connection ended, or what came over it was not HTTP
	ClientGone   Kind = "client-gone" // the client did not wait for the answer
	BodyTooLarge Kind = "body-too-large"
	BodyBroken   Kind = "body-broken" // the client's body ended early or was badly framed
	BodySlow     Kind = "body-slow"   // the client's body was not there in time
)

// Kinds returns every kind of failure.
func Kinds() []Kind {
	return []Kind{Unavailable, Timeout, Broken, ClientGone, BodyTooLarge, BodyBroken, BodySlow}
}

// ByClient reports whether the client is at fault, and not the upstream.
func (k Kind) ByClient() bool {
	switch k {
	case ClientGone, BodyTooLarge, BodyBroken, BodySlow:
		return true
	case Unavailable, Timeout, Broken:
		return false
	}
	return false
}

// Failure is one exchange that ended badly. The error is for operators: it may hold addresses.
type Failure struct {
	Slot      string
	Kind      Kind
	RequestID string
	Err       error
}

// statusClientGone tells the access log why there was no answer. It is nginx's invention; nobody receives it.
const statusClientGone = 499

// fail answers a request to which there is no answer from upstream.
func (p *Proxy) fail(w http.ResponseWriter, out *http.Request, err error) {
	p.refuse(w, exchangeOf(out), Failure{Kind: kindOf(out.Context(), err), Err: err})
}

// refuse tells the client, and then OnFailure.
func (p *Proxy) refuse(w http.ResponseWriter, x *exchange, f Failure) {
	defer p.report(x, f)
	x.restoreHeaders()
	h := w.Header()
	switch f.Kind {
	case Unavailable, Timeout, Broken:
		if f.Kind == Unavailable {
			h.Set("Retry-After", "1")
		}
	case ClientGone, BodyTooLarge, BodyBroken, BodySlow:
		h.Set("Connection", "close") // the rest of the body may be on its way
	}
	if f.Kind == ClientGone {
		w.WriteHeader(statusClientGone)
		return
	}
	problem.Write(w, x.inbound, p.problem(f.Kind))
}

func (p *Proxy) report(x *exchange, f Failure) {
	f.Slot, f.RequestID = p.slot, x.call.RequestID
	p.onFailure(x.inbound.Context(), f)
}

// kindOf tells from an error of the transport, and from the state of the request, who is at fault.
func kindOf(ctx context.Context, err error) Kind {
	cause := context.Cause(ctx)
	bodyErr, isBody := errors.AsType[*policy.BodyError](err)
	switch {
	case errors.Is(err, policy.ErrBodyTooLarge):
		return BodyTooLarge
	case errors.Is(cause, errSlowBody), isBody && errors.Is(bodyErr, os.ErrDeadlineExceeded):
		return BodySlow
	case errors.Is(cause, errLate), errors.Is(cause, context.DeadlineExceeded), errors.Is(err, errLate):
		return Timeout
	case errors.Is(cause, errStopping):
		return Unavailable
	case cause != nil:
		return ClientGone
	case isBody:
		return BodyBroken
	case isDial(err):
		return Unavailable
	default:
		return Broken
	}
}

// problem returns what a client is told of a failure: the slot, and nothing of what lies behind it.
func (p *Proxy) problem(k Kind) problem.Problem {
	var told problem.Problem
	switch k {
	case Unavailable:
		told = problem.New(problem.UpstreamUnavailable, "No instance of "+p.slot+
			" can be reached; the request was not processed. Try again later.")
	case Timeout:
		told = problem.New(problem.UpstreamTimeout, "The answer of "+p.slot+
			" did not come in time; whether it processed the request is unknown.")
	case BodyTooLarge:
		return problem.New(problem.BodyTooLarge, "The body is larger than this path and method allow.")
	case BodyBroken:
		return problem.New(problem.MalformedRequest, "The body ended early or was badly framed.")
	case BodySlow:
		return problem.New(problem.RequestTimeout, "The body was not there in time. Send it again over a new connection.")
	case Broken, ClientGone:
		told = problem.New(problem.UpstreamBroken, "The connection to "+p.slot+
			" broke off before an answer; whether it processed the request is unknown.")
	}
	told.Slot = p.slot
	return told
}
