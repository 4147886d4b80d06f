package gateway

import (
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/glarimy/ums/gateway/exchange"
	"github.com/glarimy/ums/gateway/http1"
	"github.com/glarimy/ums/gateway/policy"
	"github.com/glarimy/ums/gateway/route"
	"github.com/glarimy/ums/gateway/tracing"
	"github.com/glarimy/ums/gateway/wire"
	"github.com/glarimy/ums/shared/header"
)

// lookEvery is how often a request that waits for its upstream looks whether its client is still there and the gateway
// goes on. It waits without another goroutine, so that nobody could tell it.
const lookEvery = time.Second

// call is one request on its way to a slot and back.
type call struct {
	gateway  *Gateway
	x        *exchange.Exchange
	endpoint *endpoint
	target   route.Target
	deadline time.Time // the first byte of the answer is there by then; zero: whenever it likes
	length   int64     // of the body as it goes upstream, in bytes; Unknown: chunked
	whole    []byte    // the body, if all of it had arrived with the head
	conn     *wire.Conn
	upload   *upload // nil unless the body is still arriving
	span     tracing.Span
	interim  []exchange.Field
}

// forward carries a request to the slot of its endpoint, and the answer back.
func (g *Gateway) forward(x *exchange.Exchange, e *endpoint, target route.Target) {
	c, _ := g.calls.Get().(*call)
	c.gateway, c.x, c.endpoint, c.target, c.length = g, x, e, target, x.Length
	if e.route.Timeout > 0 {
		c.deadline = x.Start.Add(e.route.Timeout)
	}
	c.run()
	*c = call{interim: c.interim[:0]}
	g.calls.Put(c)
}

func (c *call) run() {
	if c.gateway.tracer != nil {
		c.span = c.gateway.tracer.Start(c.x, c.endpoint.route.Path, c.endpoint.slot.name)
		defer func() { c.span.End(c.x.Answer.Status) }()
	}
	if err := c.prepareBody(); err != nil {
		c.fail(err)
		return
	}
	head, err := c.ask()
	if err != nil {
		c.fail(err)
		return
	}
	c.answer(head)
}

// prepareBody holds the body to its limit, as far as its head tells.
func (c *call) prepareBody() error {
	limit := c.endpoint.route.BodyLimit
	if c.x.Length > limit {
		return &policy.BodyError{Err: policy.ErrBodyTooLarge}
	}
	if c.x.Length == exchange.Unknown && limit == 0 {
		// Only the end of a chunked body tells whether there is one. A service that expects none would not read it, and
		// act on a request that the client is told was refused: so see to the end first.
		if _, err := io.Copy(io.Discard, policy.NewBody(c.x.Body, 0)); err != nil {
			return err
		}
		c.length = 0
	}
	if c.length != exchange.Unknown {
		if whole, ok := c.x.Body.Whole(); ok {
			c.whole = whole
			c.x.Body.Skip()
		}
	}
	return nil
}

// ask sends the request and returns the head of the final answer. An instance's turn begins in connect and ends in
// finish: it is there that instances are picked, and here that another one is tried.
func (c *call) ask() (*http1.Response, error) {
	for first := true; ; first = false {
		if err := c.connect(first); err != nil {
			return nil, err
		}
		head, err := c.attempt()
		if err == nil {
			return head, nil
		}
		again := first && c.conn.Stale(err) && c.repeatable()
		c.finish(false)
		if !again {
			return nil, err
		}
	}
}

// connect takes a connection: one that was used before, if it is the first attempt, or a fresh one. A used one is looked at
// first, whatever the request: bytes that wait on it would be taken for the answer.
func (c *call) connect(first bool) (err error) {
	pool := c.endpoint.slot.instances
	c.conn = nil
	for first {
		used := pool.Idle()
		if used == nil {
			break
		}
		if used.Alive() {
			c.conn = used
			return nil
		}
	}
	c.conn, err = pool.Dial(c.x.Client.Context(), c.deadline)
	if err != nil && !c.deadline.IsZero() && !time.Now().Before(c.deadline) {
		return errLate
	}
	return err
}

// repeatable reports whether the request may be sent a second time when it is not known whether the first one was
// processed: if its method is idempotent (RFC 9110, section 9.2.2) or a key makes it so, and its body is still there.
func (c *call) repeatable() bool {
	if c.length != 0 && c.whole == nil {
		return false
	}
	switch c.x.Method {
	case http.MethodGet, http.MethodHead, http.MethodPut, http.MethodDelete, http.MethodOptions:
		return true
	case http.MethodPost:
		return c.x.Get(header.IdempotencyKey) != ""
	default:
		return false
	}
}

// attempt sends the request over the connection and reads up to the final answer's head.
func (c *call) attempt() (*http1.Response, error) {
	c.writeHead()
	if c.length == 0 || c.whole != nil {
		c.conn.Append(c.whole)
		if err := c.conn.Flush(); err != nil {
			return c.early(err)
		}
		return c.await()
	}
	c.upload = newUpload(c)
	if err := c.conn.Flush(); err != nil {
		return c.early(err)
	}
	c.upload.start()
	return c.await()
}

// early reads the answer of an upstream that did not take the request to its end: it may have sent one before.
func (c *call) early(err error) (*http1.Response, error) {
	if head, err := c.conn.ReadHead(time.Now().Add(100 * time.Millisecond)); err == nil && head.Status >= http.StatusOK {
		return head, nil
	}
	return nil, err
}

// await waits for the head of the final answer, and passes on the interim ones.
func (c *call) await() (*http1.Response, error) {
	for look := c.x.Start.Add(lookEvery); ; look = time.Now().Add(lookEvery) {
		if !c.deadline.IsZero() && c.deadline.Before(look) {
			look = c.deadline
		}
		head, err := c.conn.ReadHead(look)
		for err == nil && head.Status < http.StatusOK {
			if err = c.passInterim(head); err == nil {
				head, err = c.conn.ReadHead(look)
			}
		}
		if err == nil {
			return head, nil
		}
		if fault := c.upload.fault(); fault != nil {
			return nil, fault
		}
		if !wire.IsTimeout(err) {
			return nil, err
		}
		if err := c.look(); err != nil {
			return nil, err
		}
	}
}

// look returns why a request should wait no longer, or nil.
func (c *call) look() error {
	switch {
	case !c.deadline.IsZero() && !time.Now().Before(c.deadline):
		if c.upload.waiting() {
			return errSlowBody
		}
		return errLate
	case c.deadline.IsZero() && c.gateway.stopping.Load():
		return errStopping
	case c.x.Client.Gone():
		return errGone
	default:
		return nil
	}
}

// passInterim passes on an interim answer; 100 only to a client that waits for it.
func (c *call) passInterim(head *http1.Response) error {
	if head.Status == http.StatusContinue {
		c.upload.goOn()
		if !c.x.Expect {
			return nil
		}
	}
	c.interim = appendBack(c.interim[:0], head.Fields)
	if err := c.x.Client.Interim(head.Status, c.interim); err != nil {
		return errors.Join(errGone, err)
	}
	return nil
}

// finish ends the turn of a connection, which is kept if the answer was read to its end and the request was sent to its.
func (c *call) finish(whole bool) {
	if sent := c.upload.stop(); whole && sent {
		c.conn.Release()
	} else {
		c.conn.Close()
	}
}
