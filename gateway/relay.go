package gateway

import (
	"errors"
	"io"
	"sync"
	"time"

	"github.com/glarimy/ums/gateway/http1"
	"github.com/glarimy/ums/gateway/wire"
)

// answer passes on the final answer: as it comes, and no faster than the client takes it.
func (c *call) answer(head *http1.Response) {
	x, body := c.x, c.conn.Body()
	if c.upload != nil && !c.upload.settle() {
		x.Client.CloseAfter() // the client is still sending what nobody reads
	}
	x.Fresh = appendBack(x.Fresh, head.Fields)
	err := x.Begin(head.Status, x.Fresh, lengthOf(x.Method, head))
	if whole, ok := body.Whole(); ok && err == nil {
		_, err = x.Write(whole)
		body.Skip()
		c.finish(true) // before the client has the answer: its next request may use the connection
		if err == nil {
			err = x.Client.End()
		}
		if err != nil {
			c.gateway.report(c.endpoint.slot, ClientGone, c.x.RequestID, err)
		}
		return
	}
	if err == nil {
		err = c.relay(body)
	}
	switch {
	case err == nil:
		c.finish(true)
		if err := x.Client.End(); err != nil {
			c.gateway.report(c.endpoint.slot, ClientGone, c.x.RequestID, err)
		}
	case errors.Is(err, errStopping):
		c.finish(false)
		_ = x.Client.End() // what was sent so far is whole
	case errors.Is(err, errGone):
		c.finish(false)
		c.gateway.report(c.endpoint.slot, ClientGone, c.x.RequestID, err)
	default:
		c.finish(false)
		c.gateway.report(c.endpoint.slot, Broken, c.x.RequestID, err)
	}
}

// relay copies a body. What has come is sent on before more is waited for.
func (c *call) relay(body *http1.Body) error {
	buffer := c.gateway.buffers.get()
	defer c.gateway.buffers.put(buffer)
	stream := c.deadline.IsZero()
	for {
		if stream && c.gateway.stopping.Load() {
			return errStopping
		}
		if !c.conn.Pending() {
			if err := c.x.Client.Flush(); err != nil {
				return errors.Join(errGone, err)
			}
			if err := c.conn.WaitBody(time.Now().Add(lookEvery)); err != nil {
				return err
			}
		}
		n, err := body.Read(buffer[:])
		if n > 0 {
			if _, err := c.x.Write(buffer[:n]); err != nil {
				return errors.Join(errGone, err)
			}
		}
		switch {
		case err == nil:
		case errors.Is(err, io.EOF):
			return nil
		case !wire.IsTimeout(err):
			return err
		case c.x.Client.Gone():
			return errGone
		}
	}
}

const bufferSize = 32 << 10

// buffers lends what bodies are copied through. It keeps arrays, because a slice would be allocated anew each time that
// it is put back.
type buffers struct{ pool sync.Pool }

func (b *buffers) get() *[bufferSize]byte {
	if array, ok := b.pool.Get().(*[bufferSize]byte); ok {
		return array
	}
	return new([bufferSize]byte)
}

func (b *buffers) put(array *[bufferSize]byte) { b.pool.Put(array) }
