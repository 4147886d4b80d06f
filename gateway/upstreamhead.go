package gateway

import (
	"net/http"
	"slices"
	"time"

	"github.com/glarimy/ums/gateway/exchange"
	"github.com/glarimy/ums/gateway/http1"
	"github.com/glarimy/ums/gateway/policy"
	"github.com/glarimy/ums/shared/header"
)

// writeHead makes the upstream's request head of the client's. The target goes as route.Target has it.
func (c *call) writeHead() {
	x, conn := c.x, c.conn
	c.conn.Begin(c.x.Method, c.target.String())
	nominates := policy.Nominates(x.Fields)
	traced := c.span.Traceparent != ""
	for i := range x.Fields {
		f := &x.Fields[i]
		if !policy.Passes(f.Name) || nominates && policy.Nominated(x.Fields, f.Name) {
			c.seeTE(f)
			continue
		}
		if c.gateway.guard.keepsBack(f.Name) {
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
	c.writeForwarded()
	conn.Field(header.RequestID, x.RequestID)
	if !c.deadline.IsZero() {
		conn.FieldInt(header.Deadline, policy.DeadlineMs(time.Until(c.deadline)))
	}
	if x.Expect && c.length != 0 && c.whole == nil {
		conn.Field("Expect", "100-continue")
	}
	if c.trailers {
		conn.Field("TE", "trailers")
		conn.Field("Connection", "TE")
	}
	conn.EndHead(c.length)
}

// writeForwarded tells the upstream who the client is: its address alone, so that a service need not know which proxies
// there are; and by which name and scheme it called, in which a trusted proxy is believed.
func (c *call) writeForwarded() {
	x := c.x
	host, scheme := x.Host, "http"
	if x.Secure {
		scheme = "https"
	}
	if x.Proxied {
		if said := x.Get("X-Forwarded-Host"); said != "" && http1.IsHost(said) {
			host = said
		}
		if said := x.Get("X-Forwarded-Proto"); said == "http" || said == "https" {
			scheme = said
		}
	}
	c.conn.Field("X-Forwarded-For", x.ClientIP)
	if host != "" {
		c.conn.Field("X-Forwarded-Host", host)
	}
	c.conn.Field("X-Forwarded-Proto", scheme)
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

// merge appends to x.Fresh, in which there is what the gateway says, the fields of an upstream's answer that go to the
// client. Of those by one name the gateway's win, save where the upstream knows better what its answer is. It returns where
// in x.Fresh the upstream's begin.
func (g *Gateway) merge(x *exchange.Exchange, fields []exchange.Field) (own int) {
	own = len(x.Fresh)
	x.Fresh = appendBack(x.Fresh, fields)
	from := x.Fresh[own:]
	kept := own
	for _, f := range from {
		if g.guard.cors.Strips(f.Name) || said(x.Fresh[:own], f.Name) && !yields(f.Name) {
			continue
		}
		x.Fresh[kept] = f
		kept++
	}
	x.Fresh = x.Fresh[:kept]
	for i := own - 1; i >= 0; i-- {
		if replaceable(x.Fresh[i].Name) && said(x.Fresh[own:], x.Fresh[i].Name) {
			x.Fresh = slices.Delete(x.Fresh, i, i+1)
			own--
		}
	}
	return own
}

func said(fields []exchange.Field, name string) bool {
	for i := range fields {
		if http1.EqualFold(fields[i].Name, name) {
			return true
		}
	}
	return false
}

// replaceable reports whether what the gateway says by a name is for answers that say nothing themselves.
func replaceable(name string) bool {
	return http1.EqualFold(name, "Content-Security-Policy") || http1.EqualFold(name, "Referrer-Policy")
}

// yields reports whether an upstream's field by a name stays beside, or in place of, the gateway's.
func yields(name string) bool { return http1.EqualFold(name, "Vary") || replaceable(name) }

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
