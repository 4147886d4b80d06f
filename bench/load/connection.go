package load

import (
	"fmt"
	"net"
	"net/http"
	"time"
)

// maxAnswer is the size of the largest answer that is understood, header included, in bytes.
const maxAnswer = 16 << 10

// connection is one keep-alive connection, with at most one request under way.
type connection struct {
	tcp      net.Conn
	requests [][]byte
	next     int // index of the request to send
	buffer   [maxAnswer]byte
}

func newConnection(tcp net.Conn, requests [][]byte, first int) *connection {
	return &connection{tcp: tcp, requests: requests, next: first}
}

// run sends one request after the other until end, and at least one.
func (c *connection) run(end time.Time) (Result, error) {
	r := NewResult()
	if err := c.tcp.SetDeadline(end.Add(patience)); err != nil {
		return r, fmt.Errorf("set the deadline of a connection: %w", err)
	}
	for sent := time.Now(); ; {
		status, err := c.exchange()
		if err != nil {
			return r, err
		}
		answered := time.Now()
		r.Record(status == http.StatusOK, answered.Sub(sent))
		if !answered.Before(end) {
			return r, nil
		}
		sent = answered
	}
}

// exchange sends the next request and returns the status of its answer.
func (c *connection) exchange() (status int, err error) {
	if _, err := c.tcp.Write(c.requests[c.next]); err != nil {
		return 0, fmt.Errorf("send a request: %w", err)
	}
	if c.next++; c.next == len(c.requests) {
		c.next = 0
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
