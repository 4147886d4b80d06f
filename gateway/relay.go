package gateway

import (
	"errors"
	"io"
	"sync"
	"time"

	"github.com/glarimy/ums/gateway/http1"
	"github.com/glarimy/ums/gateway/upstream"
	"github.com/glarimy/ums/gateway/wire"
)

// answer passes on the final answer: as it comes, and no faster than the client takes it.
func (c *call) answer(head *http1.Response) {
	client := c.x.Client
	if !c.upload.settle() {
		client.CloseAfter() // it is still sending what perhaps nobody reads
	}
	if c.answerOldInstead(head) {
		return
	}
	err := c.pass(head)
	c.end(outcomeOfAnswer(c.conn.Body().Done(), err)) // before the client has it: its next request may use the connection
	if err == nil || errors.Is(err, errStopping) {    // what was sent so far is whole
		err = goneIf(client.End())
	}
	if err != nil {
		c.gateway.report(c.endpoint.slot, kindOf(err), c.x.RequestID, err)
	}
}

// pass passes on the answer up to the end of its body, the last of it not sent yet.
func (c *call) pass(head *http1.Response) error {
	x, body := c.x, c.conn.Body()
	own := c.gateway.merge(x, head.Fields)
	c.changed(head)
	c.keep.head(head.Status, x.Fresh[own:])
	c.announceTrailer(head)
	if err := x.Begin(head.Status, x.Fresh, lengthOf(x.Method, head)); err != nil {
		return goneIf(err)
	}
	whole, ok := body.Whole()
	if !ok {
		if err := c.relay(body); err != nil {
			return err
		}
		c.kept()
		c.passTrailer()
		return nil
	}
	_, err := x.Write(whole)
	c.keep.add(whole)
	c.kept()
	body.Skip()
	return goneIf(err)
}

// outcomeOfAnswer tells how an instance's turn ended whose answer had begun.
func outcomeOfAnswer(whole bool, err error) upstream.Outcome {
	switch {
	case whole:
		return upstream.Answered
	case errors.Is(err, errStopping), errors.Is(err, errGone), kindOf(err).ByClient():
		return upstream.Canceled
	default:
		return upstream.Broken
	}
}

// goneIf makes an error of writing to the client one that says so.
func goneIf(err error) error {
	if err == nil {
		return nil
	}
	return errors.Join(errGone, err)
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
				return goneIf(err)
			}
			if err := c.conn.WaitBody(time.Now().Add(lookEvery)); err != nil {
				return err
			}
		}
		n, err := body.Read(buffer[:])
		if n > 0 {
			if _, err := c.x.Write(buffer[:n]); err != nil {
				return goneIf(err)
			}
			c.keep.add(buffer[:n])
		}
		switch {
		case err == nil:
		case errors.Is(err, io.EOF):
			return nil
		case c.upload.fault() != nil:
			return c.upload.fault()
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
