package gateway

import (
	"github.com/glarimy/ums/gateway/exchange"
	"github.com/glarimy/ums/gateway/securityheaders"
	"github.com/glarimy/ums/shared/header"
	"github.com/glarimy/ums/shared/httpserver"
)

// identify gives a request its id, the client's if that is valid, and sees to it that the answer carries it, and what every
// answer tells browsers.
func identify(x *exchange.Exchange) {
	if x.RequestID != "" {
		return
	}
	x.RequestID = x.Get(header.RequestID)
	if !httpserver.ValidRequestID(x.RequestID) {
		x.RequestID = httpserver.NewRequestID()
	}
	addFresh(x, header.RequestID, x.RequestID)
	securityheaders.Apply(x.Secure, func(string) bool { return false }, func(name, value string) { addFresh(x, name, value) })
}
