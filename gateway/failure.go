package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strconv"
	"time"

	"github.com/glarimy/ums/gateway/exchange"
	"github.com/glarimy/ums/gateway/policy"
	"github.com/glarimy/ums/gateway/upstream"
	"github.com/glarimy/ums/gateway/wire"
	"github.com/glarimy/ums/shared/problem"
)

// Kind is a way for an exchange to end badly.
type Kind string

// The kinds of failure, by who is at fault: the upstream for the first four, the client for the others.
const (
	Unavailable  Kind = "unavailable" // no connection could be opened: the request reached nobody
	Refused      Kind = "refused"     // the upstream has too much to do, or is given time to recover: it was not asked
	Timeout      Kind = "timeout"     // no answer in time
	Broken       Kind = "broken"      // the connection ended, or what came over it was not HTTP
	ClientGone   Kind = "client-gone" // the client did not wait for the answer
	BodyTooLarge Kind = "body-too-large"
	BodyBroken   Kind = "body-broken" // the client's body ended early or was badly framed
	BodySlow     Kind = "body-slow"   // the client's body was not there in time
)

// Kinds returns every kind of failure.
func Kinds() []Kind {
	return []Kind{Unavailable, Refused, Timeout, Broken, ClientGone, BodyTooLarge, BodyBroken, BodySlow}
}

// ByClient reports whether the client is at fault, and not the upstream.
func (k Kind) ByClient() bool {
	switch k {
	case ClientGone, BodyTooLarge, BodyBroken, BodySlow:
		return true
	case Unavailable, Refused, Timeout, Broken:
		return false
	}
	return false
}

// Why an exchange was given up by the gateway itself.
var (
	errLate     = errors.New("no answer before the route's timeout")
	errUnasked  = fmt.Errorf("%w, which was over before the request was sent", errLate)
	errStopping = errors.New("the gateway is stopping")
	errSlowBody = errors.New("the client had not sent its body before the route's timeout")
	errGone     = errors.New("the client has hung up")
)

// fail answers a request to which there is no answer from upstream, counts it and logs it.
func (c *call) fail(err error) {
	kind := kindOf(err)
	c.gateway.report(c.endpoint.slot, kind, c.x.RequestID, err) // first, so that the log has it when the client asks about it
	if c.answerOld(kind) {
		return
	}
	switch kind {
	case Unavailable:
		c.x.Fresh = append(c.x.Fresh, exchange.Field{Name: "Retry-After", Value: "1"})
	case Refused:
		c.x.Fresh = append(c.x.Fresh, exchange.Field{Name: "Retry-After", Value: retryAfter(err)})
	case BodyTooLarge, BodyBroken, BodySlow:
		c.x.Client.CloseAfter() // the rest of the body may be on its way
	case ClientGone:
		c.x.Answer.Status, c.x.Answer.Wait = statusClientGone, time.Since(c.x.Start)
		return
	case Timeout, Broken:
	}
	refuse(c.x, c.problem(kind))
}

// statusClientGone tells the access log why there was no answer. It is nginx's invention; nobody receives it.
const statusClientGone = 499

// report counts and logs a request that ended badly. A client's fault is not worth a line of an operator's
// time.
func (g *Gateway) report(s *slot, kind Kind, requestID string, err error) {
	s.failures[kind].Inc()
	level := slog.LevelWarn
	if kind.ByClient() || kind == Refused { // there may be thousands of the latter in a second
		level = slog.LevelDebug
	}
	g.logger.LogAttrs(context.Background(), level, "request failed",
		slog.String("slot", s.name),
		slog.String("kind", string(kind)),
		slog.String("request_id", requestID),
		slog.Any("error", err))
}

// kindOf tells from an error who is at fault.
func kindOf(err error) Kind {
	_, isBody := errors.AsType[*policy.BodyError](err)
	_, isDial := errors.AsType[*wire.DialError](err)
	_, isRefused := errors.AsType[*upstream.RefusedError](err)
	switch {
	case isRefused:
		return Refused
	case errors.Is(err, policy.ErrBodyTooLarge):
		return BodyTooLarge
	case errors.Is(err, errSlowBody), isBody && wire.IsTimeout(err):
		return BodySlow
	case errors.Is(err, errLate):
		return Timeout
	case errors.Is(err, errStopping), isDial:
		return Unavailable
	case errors.Is(err, errGone):
		return ClientGone
	case isBody:
		return BodyBroken
	default:
		return Broken
	}
}

// retryAfter returns in how many seconds a request that was refused may be sent again.
func retryAfter(err error) string {
	seconds := 1.0
	if refused, ok := errors.AsType[*upstream.RefusedError](err); ok {
		seconds = max(seconds, math.Ceil(refused.RetryAfter.Seconds()))
	}
	return strconv.Itoa(int(seconds))
}

// problem returns what a client is told of a failure: the slot, and nothing of what lies behind it.
func (c *call) problem(k Kind) problem.Problem {
	var told problem.Problem
	slot := c.endpoint.slot.name
	switch k {
	case Unavailable:
		told = problem.New(problem.UpstreamUnavailable, "No instance of "+slot+
			" can be reached; the request was not processed. Try again later.")
	case Refused:
		told = problem.New(problem.UpstreamUnavailable, "The request was not sent to "+slot+
			", which has more to do than it can, or is given time to recover. Try again later.")
	case Timeout:
		told = problem.New(problem.UpstreamTimeout, "The answer of "+slot+
			" did not come in time; whether it processed the request is unknown.")
	case BodyTooLarge:
		return problem.New(problem.BodyTooLarge, "The body is larger than this path and method allow.")
	case BodyBroken:
		return problem.New(problem.MalformedRequest, "The body ended early or was badly framed.")
	case BodySlow:
		return problem.New(problem.RequestTimeout, "The body was not there in time. Send it again over a new connection.")
	case Broken, ClientGone:
		told = problem.New(problem.UpstreamBroken, "The connection to "+slot+
			" broke off before an answer; whether it processed the request is unknown.")
	}
	told.Slot = slot
	return told
}
