package edge

import (
	"errors"
	"net/http"
	"time"

	"github.com/glarimy/ums/gateway/exchange"
	"github.com/glarimy/ums/gateway/http1"
	"github.com/glarimy/ums/gateway/securityheaders"
	"github.com/glarimy/ums/gateway/wire"
	"github.com/glarimy/ums/shared/header"
	"github.com/glarimy/ums/shared/httpserver"
	"github.com/glarimy/ums/shared/problem"
)

// refuse answers what is no request with a problem, and gives the connection up: nobody knows where the next request
// would begin.
func (c *conn) refuse(err error) {
	syntax, isSyntax := errors.AsType[*http1.SyntaxError](err)
	var p problem.Problem
	switch {
	case isSyntax:
		p = describe(syntax)
	case wire.IsTimeout(err):
		p = problem.New(problem.RequestTimeout, "The head of the request was not there in time.")
	default: // the client is gone
		return
	}
	c.x = exchange.Exchange{
		Client: &c.answer, Method: http.MethodGet, Major: 1, Minor: 1, RemoteAddr: c.x.RemoteAddr, Secure: c.x.Secure,
		Start: time.Now(),
	}
	c.request = http1.Request{Minor: 1, Close: true}
	c.answer.reset(&c.request)
	c.body.Body = http1.Body{}
	c.respond(p)
	c.linger()
}

// respond answers with a problem of the edge's own, and with what every answer tells browsers.
func (c *conn) respond(p problem.Problem) {
	id := httpserver.NewRequestID()
	c.server.logger.Debug("request refused", "request_id", id, "status", p.Status)
	c.x.Fresh = append(c.x.Fresh[:0], exchange.Field{Name: header.RequestID, Value: id})
	securityheaders.Apply(c.x.Secure, func(string) bool { return false }, func(name, value string) {
		c.x.Fresh = append(c.x.Fresh, exchange.Field{Name: name, Value: value})
	})
	c.x.Respond(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { problem.Write(w, r, p) }))
}

func describe(e *http1.SyntaxError) problem.Problem {
	detail := "The request cannot be read: " + e.Reason + "."
	switch e.Fault {
	case http1.TooLong:
		return problem.New(problem.HeadersTooLarge, "The head of the request is refused: "+e.Reason+".")
	case http1.UnknownCoding:
		return problem.New(problem.UnsupportedTransferCoding, detail)
	case http1.UnknownVersion:
		return problem.New(problem.UnsupportedHTTPVersion, detail)
	case http1.UnmetExpectation:
		return problem.New(problem.ExpectationFailed, detail)
	case http1.Malformed:
	}
	return problem.New(problem.MalformedRequest, detail)
}
