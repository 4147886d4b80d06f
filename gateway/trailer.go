package gateway

import (
	"strings"

	"github.com/glarimy/ums/gateway/exchange"
	"github.com/glarimy/ums/gateway/http1"
	"github.com/glarimy/ums/gateway/policy"
)

// Trailer fields of an answer go to a client that says `TE: trailers`, if the answer's head announces them, and they say
// nothing that a head is needed for (policy.PassesAsTrailer). Those of a request stay behind: some programs take them for
// header fields, of which the gateway has checked none.

// seeTE notes whether the client takes trailer fields (RFC 9110, section 10.1.4).
func (c *call) seeTE(f *exchange.Field) {
	if http1.EqualFold(f.Name, "TE") && http1.HasToken(f.Value, "trailers") && (c.x.Major > 1 || c.x.Minor > 0) {
		c.trailers = true
	}
}

// announceTrailer tells the client which fields will follow the body. One that the head has, too, will not.
func (c *call) announceTrailer(head *http1.Response) {
	if !c.trailers || !head.Chunked {
		return
	}
	nominates := policy.Nominates(head.Fields)
	var names []string
	for i := range head.Fields {
		if !http1.EqualFold(head.Fields[i].Name, "Trailer") {
			continue
		}
		http1.EachToken(head.Fields[i].Value, func(name string) {
			hopByHop := !policy.PassesAsTrailer(name) || nominates && policy.Nominated(head.Fields, name)
			if !hopByHop && !c.gateway.guard.cors.Strips(name) && !said(c.x.Fresh, name) {
				names = append(names, name)
			}
		})
	}
	if c.trailer = strings.Join(names, ", "); c.trailer != "" {
		c.x.Fresh = append(c.x.Fresh, exchange.Field{Name: "Trailer", Value: c.trailer})
	}
}

// passTrailer passes on those of the answer's trailer fields that were announced.
func (c *call) passTrailer() {
	if c.trailer == "" {
		return
	}
	var fields []exchange.Field
	for _, f := range c.conn.Body().Trailer() {
		if http1.HasToken(c.trailer, f.Name) {
			fields = append(fields, f)
		}
	}
	c.x.Client.Trail(fields)
}
