package wire

import (
	"errors"

	"github.com/glarimy/ums/gateway/socket"
)

// Ask sends all that is not sent yet with the next ReadHead; with one after it, if the time of that one has passed already.
// On a connection of which AsksAlive is true, ReadHead fails with ErrUnusable, and nothing is sent, if it is not Alive.
func (c *Conn) Ask() { c.asking = true }

// AsksAlive reports whether Ask itself looks whether a connection that was used before is Alive.
func (c *Conn) AsksAlive() bool {
	_, ok := c.direct.(socket.Asker)
	return ok
}

// source is where the reader of answers reads from.
type source struct{ *Conn }

// Read implements io.Reader.
func (s source) Read(p []byte) (int, error) {
	if err := s.askFirst(); err != nil {
		return 0, err
	}
	return s.direct.Read(p)
}

// ReadLate implements socket.LateReader.
func (s source) ReadLate(b *socket.Buffers) ([]byte, int, error) {
	if asker, ok := s.direct.(socket.Asker); ok && s.asking && s.used {
		return s.askAndRead(asker, b)
	}
	if err := s.askFirst(); err != nil {
		return nil, 0, err
	}
	if late, ok := s.direct.(socket.LateReader); ok {
		return late.ReadLate(b)
	}
	p := b.Get()
	n, err := s.direct.Read(p)
	return p, n, err
}

func (c *Conn) askAndRead(asker socket.Asker, b *socket.Buffers) ([]byte, int, error) {
	p, n, err := asker.Ask(c.out, b)
	if unsent, ok := errors.AsType[*socket.UnsentError](err); ok {
		return nil, 0, unsent.Err // the next read asks
	}
	c.asking = false
	if errors.Is(err, socket.ErrSpoken) {
		return p, 0, ErrUnusable
	}
	c.sent = true
	c.emptied()
	return p, n, err
}

// askFirst sends what Ask has left to the next read.
func (c *Conn) askFirst() error {
	if !c.asking {
		return nil
	}
	c.asking = false
	return c.Flush()
}
