package gateway

import (
	"context"
	"errors"
	"net/http"

	"github.com/glarimy/ums/gateway/http1"
	"github.com/glarimy/ums/gateway/upstream"
	"github.com/glarimy/ums/gateway/wire"
	"github.com/glarimy/ums/shared/header"
)

// ask sends the request to an instance of its slot, or to one after the other, and returns the head of the final answer.
// After it, the answer is read and end is called.
func (c *call) ask() (*http1.Response, error) {
	if err := c.endpoint.slot.upstream.Begin(&c.turn); err != nil {
		return nil, err
	}
	for {
		instance, err := c.turn.Pick()
		if err != nil {
			return nil, &wire.DialError{Err: err}
		}
		c.pool = poolOf(instance)
		head, err := c.exchange()
		if err == nil {
			c.turn.Answered(head.Status)
			return head, nil
		}
		if !c.turn.Failed(c.failed(err)) {
			return nil, err
		}
	}
}

// failed tells what decides on another attempt.
func (c *call) failed(err error) upstream.Attempt {
	return upstream.Attempt{
		Method:         c.x.Method,
		IdempotencyKey: c.x.Get(header.IdempotencyKey) != "",
		Replayable:     c.length == 0 || c.whole != nil || c.upload == nil || !c.upload.started,
		Begun:          c.begun,
		Outcome:        outcomeOf(err),
	}
}

// outcomeOf tells from an error how an exchange ended.
func outcomeOf(err error) upstream.Outcome {
	_, isDial := errors.AsType[*wire.DialError](err)
	switch kind := kindOf(err); {
	case errors.Is(err, errUnasked):
		return upstream.Canceled
	case isDial:
		return upstream.ConnectFailed
	case kind == Timeout:
		return upstream.TimedOut
	case kind == Broken:
		return upstream.Broken
	default:
		return upstream.Canceled
	}
}

// exchange sends the request to the instance that was picked, and returns the head of the final answer. An idle connection
// that turns out to be closed is no failure of the instance: another one is opened.
func (c *call) exchange() (*http1.Response, error) {
	if c.expired() {
		return nil, errUnasked
	}
	for first := true; ; {
		if err := c.connect(first); err != nil {
			return nil, err
		}
		head, err := c.attempt()
		if err == nil {
			return head, nil
		}
		if errors.Is(err, wire.ErrUnusable) {
			c.finish(false)
			continue
		}
		again := first && c.conn.Stale(err) && c.repeatable()
		c.finish(false)
		if !again {
			return nil, err
		}
		first = false
	}
}

// connect takes a connection: one that was used before, if it is the first attempt, or a fresh one. A used one is looked at
// first, here or by Ask, whatever the request: bytes that wait on it would be taken for the answer.
func (c *call) connect(first bool) (err error) {
	c.conn = nil
	for first {
		used := c.pool.Idle()
		if used == nil {
			break
		}
		if c.isWhole() && used.AsksAlive() || used.Alive() {
			c.conn = used
			return nil
		}
	}
	c.conn, err = c.pool.Dial(c.x.Client.Context(), c.deadline)
	switch {
	case err == nil:
		return nil
	case c.expired():
		return errLate
	case errors.Is(err, context.Canceled):
		return errGone
	default:
		return err
	}
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

// finish ends the use of a connection, which is kept if the answer was read to its end and the request was sent to its.
func (c *call) finish(whole bool) {
	if sent := c.upload.stop(); whole && sent {
		c.conn.Release()
	} else {
		c.conn.Close()
	}
}

// end ends the use of the connection, which is kept if the answer was read to its end, and the turn of its instance.
func (c *call) end(o upstream.Outcome) {
	c.finish(c.conn.Body().Done())
	c.turn.End(o)
}
