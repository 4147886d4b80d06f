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
	"github.com/glarimy/ums/gateway/upstream"
	"github.com/glarimy/ums/gateway/wire"
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
	turn     upstream.Call
	pool     *wire.Pool // of the instance whose turn it is
	conn     *wire.Conn
	upload   *upload // nil unless the body is still arriving
	span     tracing.Span
	interim  []exchange.Field
	begun    bool   // a byte of an answer was sent to the client
	trailers bool   // the client takes trailer fields
	trailer  string // the names of those that it was told of
	keep     keeping
}

// forward carries a request to the slot of its endpoint, and the answer back.
func (g *Gateway) forward(x *exchange.Exchange, e *endpoint, target route.Target) {
	c, _ := g.calls.Get().(*call)
	c.gateway, c.x, c.endpoint, c.target, c.length = g, x, e, target, x.Length
	if e.route.Timeout > 0 {
		c.deadline = x.Start.Add(e.route.Timeout)
	}
	c.run()
	*c = call{interim: c.interim[:0], keep: c.keep.emptied()}
	g.calls.Put(c)
}

func (c *call) run() {
	if c.gateway.tracer != nil {
		c.span = c.gateway.tracer.Start(c.x, c.endpoint.route.Path, c.endpoint.slot.name)
		defer func() { c.span.End(c.x.Answer.Status) }()
	}
	defer c.turn.End(upstream.Canceled) // does nothing after the ends that it has otherwise
	if err := c.prepareBody(); err != nil {
		c.fail(err)
		return
	}
	c.beginKeeping()
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
		if err := c.discardBody(); err != nil {
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

// discardBody reads a body that must be empty. It has as long as the route has for its answer.
func (c *call) discardBody() error {
	stopped := make(chan struct{})
	var timer *time.Timer
	if !c.deadline.IsZero() {
		timer = time.AfterFunc(time.Until(c.deadline), func() {
			defer close(stopped)
			c.x.Client.StopReading()
		})
	}
	_, err := io.Copy(io.Discard, policy.NewBody(c.x.Body, 0))
	if timer != nil && !timer.Stop() {
		<-stopped
		return errSlowBody
	}
	return err
}

// expired reports whether the time of the route is over.
func (c *call) expired() bool { return !c.deadline.IsZero() && !time.Now().Before(c.deadline) }

// isWhole reports whether all of the request is here.
func (c *call) isWhole() bool { return c.length == 0 || c.whole != nil }

// attempt sends the request over the connection and reads up to the final answer's head.
func (c *call) attempt() (*http1.Response, error) {
	c.writeHead()
	if c.isWhole() {
		c.conn.Append(c.whole)
		c.conn.Ask()
		head, err := c.await()
		if wire.IsWrite(err) {
			return c.early(err)
		}
		return head, err
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
	for {
		look := time.Now().Add(lookEvery)
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
	case c.expired():
		switch {
		case c.upload.waiting():
			return errSlowBody
		case c.isWhole() && !c.conn.Sent():
			return errUnasked
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
	c.interim, c.begun = appendBack(c.interim[:0], head.Fields), true
	if err := c.x.Client.Interim(head.Status, c.interim); err != nil {
		return errors.Join(errGone, err)
	}
	return nil
}
