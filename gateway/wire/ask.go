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
	c.asking = false
	p, n, err := asker.Ask(c.out, b)
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
	if c.used && !c.Alive() {
		return ErrUnusable
	}
	return c.Flush()
}
