package load

import (
	"fmt"
	"net"
	"time"
)

// maxAnswer is the size of the largest answer that is understood, header included, in bytes.
const maxAnswer = 16 << 10

// connection is one keep-alive connection, with at most one request under way.
type connection struct {
	tcp    net.Conn
	source Source
	want   int // status of a good answer
	buffer [maxAnswer]byte
}

// run sends one request after the other from due until end, and at least one; with every, no more than one in that time.
func (c *connection) run(due, end time.Time, every time.Duration) (Result, error) {
	r := NewResult()
	if err := c.tcp.SetDeadline(end.Add(patience)); err != nil {
		return r, fmt.Errorf("set the deadline of a connection: %w", err)
	}
	for {
		sent := time.Now()
		if every > 0 {
			<-time.After(time.Until(due))
			sent, due = due, due.Add(every)
		}
		status, err := c.exchange()
		if err != nil {
			return r, err
		}
		answered := time.Now()
		r.Record(status == c.want, answered.Sub(sent))
		if !answered.Before(end) || every > 0 && !due.Before(end) {
			return r, nil
		}
	}
}

// exchange sends the next request and returns the status of its answer.
func (c *connection) exchange() (status int, err error) {
	if _, err := c.tcp.Write(c.source()); err != nil {
		return 0, fmt.Errorf("send a request: %w", err)
	}
	var h head
	for n := 0; ; {
		got, err := c.tcp.Read(c.buffer[n:])
		if err != nil {
			return 0, fmt.Errorf("read an answer: %w", err)
		}
		n += got
		if h.length == 0 {
			if h, err = parseHead(c.buffer[:n]); err != nil {
				return 0, err
			}
		}
		switch whole := h.length + h.body; {
		case h.length > 0 && n == whole:
			return h.status, nil
		case h.length > 0 && n > whole:
			return 0, fmt.Errorf("an answer goes on for %d bytes after its end", n-whole)
		case n == maxAnswer, whole > maxAnswer:
			return 0, fmt.Errorf("an answer is larger than %d bytes", maxAnswer)
		}
	}
}
