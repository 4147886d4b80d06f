package gateway

import (
	"github.com/glarimy/ums/gateway/exchange"
	"github.com/glarimy/ums/shared/header"
	"github.com/glarimy/ums/shared/httpserver"
)

// identify gives a request its id, the client's if that is valid, and sees to it that the answer carries it.
func identify(x *exchange.Exchange) {
	if x.RequestID != "" {
		return
	}
	x.RequestID = x.Get(header.RequestID)
	if !httpserver.ValidRequestID(x.RequestID) {
		x.RequestID = httpserver.NewRequestID()
	}
	x.Fresh = append(x.Fresh, exchange.Field{Name: header.RequestID, Value: x.RequestID})
}
