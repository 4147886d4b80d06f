package gateway

import (
	"errors"
	"net/http"

	"github.com/glarimy/ums/gateway/exchange"
	"github.com/glarimy/ums/gateway/http1"
	"github.com/glarimy/ums/gateway/route"
	"github.com/glarimy/ums/gateway/stale"
	"github.com/glarimy/ums/gateway/upstream"
)

// maxKeptBody is the largest body that is kept for the time of an error, in bytes. It is gathered while it is sent.
const maxKeptBody = 1 << 20

// keeping is an answer on its way to the client that is to be kept.
type keeping struct {
	on      bool
	mark    stale.Mark
	headers []stale.Header
	body    []byte
}

// emptied returns a keeping that is off, with the memory of this one unless there is a lot of it.
func (k *keeping) emptied() keeping {
	clear(k.headers)
	if cap(k.body) > bufferSize {
		k.body = nil
	}
	return keeping{headers: k.headers[:0], body: k.body[:0]}
}

// head notes the head of an answer. One that is no 200 is not kept.
func (k *keeping) head(status int, fields []exchange.Field) {
	if k.on = k.on && status == http.StatusOK; !k.on {
		return
	}
	for _, f := range fields {
		k.headers = append(k.headers, stale.Header{Name: f.Name, Value: f.Value})
	}
}

// add notes a part of the body.
func (k *keeping) add(p []byte) {
	if k.on = k.on && len(k.body)+len(p) <= maxKeptBody; k.on {
		k.body = append(k.body, p...)
	}
}

// mayBeOld reports whether an old answer may stand in for the upstream's. What is kept is the same for everybody, so that
// a query and what tells one client from another are left to the upstream: where access is enforced, the gateway itself
// has seen to who asks.
func (c *call) mayBeOld() bool {
	if c.endpoint.route.StaleIfError == 0 || c.target.HasQuery {
		return false
	}
	for _, f := range c.x.Fields {
		switch {
		case http1.EqualFold(f.Name, "Cache-Control"):
			if http1.HasToken(f.Value, "no-cache") || http1.HasToken(f.Value, "no-store") {
				return false
			}
		case http1.EqualFold(f.Name, "Cookie"), c.gateway.guard.access.IsOpen() && http1.EqualFold(f.Name, "Authorization"):
			return false
		}
	}
	return true
}

// beginKeeping has the answer kept, if it is of use later.
func (c *call) beginKeeping() {
	if c.x.Method == http.MethodGet && c.mayBeOld() {
		c.keep.on, c.keep.mark = true, c.gateway.answers.Mark(c.target.Path)
	}
}

// kept keeps an answer that has come whole.
func (c *call) kept() {
	if c.keep.on {
		c.gateway.answers.Store(c.target.Path, c.keep.mark, c.keep.headers, c.keep.body)
	}
}

// answerOld answers with what is kept, if the upstream is at fault that it has no answer.
func (c *call) answerOld(kind Kind) bool {
	if kind != Unavailable && kind != Refused {
		c.forget() // who knows what has been done
	}
	if kind.ByClient() || c.begun || !c.mayBeOld() {
		return false
	}
	old, ok := c.gateway.answers.Lookup(c.target.Path, c.endpoint.route.StaleIfError)
	if ok {
		c.sendOld(old)
	}
	return ok
}

// answerOldInstead answers with what is kept in the place of an error of the upstream's.
func (c *call) answerOldInstead(head *http1.Response) bool {
	if !stale.Failed(head.Status) || c.begun || !c.mayBeOld() {
		return false
	}
	old, ok := c.gateway.answers.Lookup(c.target.Path, c.endpoint.route.StaleIfError)
	if !ok {
		return false
	}
	body := c.conn.Body()
	if _, whole := body.Whole(); whole {
		body.Skip()
	}
	c.end(upstream.Answered)
	c.sendOld(old)
	return true
}

func (c *call) sendOld(old stale.Answer) {
	x := c.x
	fields := make([]exchange.Field, 0, len(old.Headers))
	for _, h := range old.Headers {
		if !http1.EqualFold(h.Name, "Age") {
			fields = append(fields, exchange.Field{Name: h.Name, Value: h.Value})
		}
	}
	c.gateway.merge(x, fields)
	x.Fresh = append(x.Fresh,
		exchange.Field{Name: "Age", Value: old.AgeHeader()},
		exchange.Field{Name: "Cache-Status", Value: old.StatusHeader()})
	err := x.Begin(http.StatusOK, x.Fresh, int64(len(old.Body)))
	if err == nil && x.Method != http.MethodHead {
		_, err = x.Write(old.Body)
	}
	if err == nil {
		err = x.Client.End()
	}
	if err != nil {
		c.gateway.report(c.endpoint.slot, ClientGone, x.RequestID, errors.Join(errGone, err))
	}
}

// changed forgets what a write has changed, before its client hears of it: its own path, and that of what it has created.
// An answer that says that nothing was done changes nothing.
func (c *call) changed(head *http1.Response) {
	if head.Status/100 == 4 || head.Status == http.StatusServiceUnavailable {
		return
	}
	c.forget()
	if head.Status != http.StatusCreated {
		return
	}
	for _, f := range head.Fields {
		if http1.EqualFold(f.Name, "Location") {
			if at, err := route.ParseTarget(f.Value); err == nil {
				c.gateway.answers.Drop(at.Path)
			}
		}
	}
}

// forget drops what is kept for the request's path, unless the request only reads.
func (c *call) forget() {
	if m := c.x.Method; m != http.MethodGet && m != http.MethodHead && m != http.MethodOptions {
		c.gateway.answers.Drop(c.target.Path)
	}
}
