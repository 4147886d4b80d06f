package gateway

import (
	"net/http"
	"time"

	"github.com/glarimy/ums/gateway/exchange"
	"github.com/glarimy/ums/gateway/http1"
	"github.com/glarimy/ums/gateway/policy"
	"github.com/glarimy/ums/shared/header"
)

// writeHead makes the upstream's request head of the client's. The target goes as it came.
func (c *call) writeHead() {
	x, conn := c.x, c.conn
	c.beginHead()
	nominates := policy.Nominates(x.Fields)
	traced := c.span.Traceparent != ""
	for i := range x.Fields {
		f := &x.Fields[i]
		if !policy.Passes(f.Name) || nominates && policy.Nominated(x.Fields, f.Name) {
			continue
		}
		if traced && http1.EqualFold(f.Name, header.Traceparent) {
			continue
		}
		conn.Field(f.Name, f.Value)
	}
	for _, f := range x.Upstream {
		conn.Field(f.Name, f.Value)
	}
	if traced {
		conn.Field("traceparent", c.span.Traceparent)
	}
	conn.Field("Via", policy.Via(x.Fields, x.Major, x.Minor))
	conn.Field("X-Forwarded-For", x.RemoteIP)
	if x.Host != "" {
		conn.Field("X-Forwarded-Host", x.Host)
	}
	if x.Secure {
		conn.Field("X-Forwarded-Proto", "https")
	} else {
		conn.Field("X-Forwarded-Proto", "http")
	}
	conn.Field(header.RequestID, x.RequestID)
	if !c.deadline.IsZero() {
		conn.FieldInt(header.Deadline, policy.DeadlineMs(time.Until(c.deadline)))
	}
	if x.Expect && c.length != 0 && c.whole == nil {
		conn.Field("Expect", "100-continue")
	}
	conn.EndHead(c.length)
}

// beginHead writes the request line. A target in absolute form is cut to its path and query.
func (c *call) beginHead() {
	target := c.x.Target
	if target[0] != '/' {
		target = c.target.String()
	}
	c.conn.Begin(c.x.Method, target)
}

// appendBack appends the fields of an answer that go to the client.
func appendBack(to, fields []exchange.Field) []exchange.Field {
	nominates := policy.Nominates(fields)
	for i := range fields {
		if policy.PassesBack(fields[i].Name) && !(nominates && policy.Nominated(fields, fields[i].Name)) {
			to = append(to, fields[i])
		}
	}
	return to
}

// lengthOf returns the length of an answer's body as the client is told.
func lengthOf(method string, head *http1.Response) int64 {
	switch {
	case head.Chunked:
		return exchange.Unknown
	case head.Length == http1.Unknown && !http1.HasBody(method, head.Status):
		return exchange.Unknown
	case head.Status == http.StatusNoContent:
		return exchange.Unknown
	default:
		return head.Length
	}
}
