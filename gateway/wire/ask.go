package wire

import (
	"errors"

	"github.com/glarimy/ums/gateway/socket"
)

// Ask sends all that is not sent yet, at the latest with the next ReadHead. On a connection that was used before, that
// fails with ErrUnusable, and nothing is sent, if it is not Alive.
func (c *Conn) Ask() { c.asking = true }

// source is where the reader of answers reads from.
type source struct{ *Conn }

// Read implements io.Reader.
func (s source) Read(p []byte) (int, error) {
	c := s.Conn
	if !c.asking {
		return c.direct.Read(p)
	}
	c.asking = false
	if !c.used {
		return c.flushAndRead(p)
	}
	asker, ok := c.direct.(socket.Asker)
	if !ok {
		if !c.Alive() {
			return 0, ErrUnusable
		}
		return c.flushAndRead(p)
	}
	n, err := asker.Ask(c.out, p)
	if errors.Is(err, socket.ErrSpoken) {
		return 0, ErrUnusable
	}
	c.sent = true
	c.emptied()
	return n, err
}

func (c *Conn) flushAndRead(p []byte) (int, error) {
	if err := c.Flush(); err != nil {
		return 0, err
	}
	return c.direct.Read(p)
}
