package load

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// Client is a number of connections to one server. It is for one goroutine at a time.
type Client struct {
	conns []*connection
}

// Dial opens connections to the server at addr. Each of them goes round the paths, which are in the form that a
// request line takes, and starts at a place of its own, so that two hardly ever ask for the same at a time.
func Dial(ctx context.Context, addr string, connections int, paths []string) (*Client, error) {
	if connections < 1 || len(paths) == 0 {
		return nil, errors.New("load needs at least one connection and one path")
	}
	requests := make([][]byte, len(paths))
	for i, path := range paths {
		requests[i] = []byte("GET " + path + " HTTP/1.1\r\nHost: " + addr + "\r\n\r\n")
	}
	c := &Client{}
	for i := range connections {
		tcp, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("connect to the server: %w", err), c.Close())
		}
		c.conns = append(c.conns, newConnection(tcp, requests, i*len(requests)/connections))
	}
	return c, nil
}

// Close closes the connections.
func (c *Client) Close() error {
	var errs []error
	for _, conn := range c.conns {
		errs = append(errs, conn.tcp.Close())
	}
	return errors.Join(errs...)
}

// patience is how long after the end of a run the answers under way may take.
const patience = 30 * time.Second

// Run asks for d, lets the answers under way arrive, and returns what it saw. The next run goes on where this one
// stopped. The error says that the server broke off, did not answer, or answered with something else than HTTP; the
// client is of no use after it. Answers with another status than 200 are counted and are no error.
func (c *Client) Run(ctx context.Context, d time.Duration) (Result, error) {
	start := time.Now()
	stop := context.AfterFunc(ctx, func() { _ = c.Close() })
	defer stop()
	results := make([]Result, len(c.conns))
	errs := make([]error, len(c.conns))
	var running sync.WaitGroup
	for i, conn := range c.conns {
		running.Go(func() {
			results[i], errs[i] = conn.run(start.Add(d))
		})
	}
	running.Wait()
	total := NewResult()
	total.Elapsed = time.Since(start)
	for _, r := range results {
		total.Add(r)
	}
	if err := ctx.Err(); err != nil {
		return total, err
	}
	for _, err := range errs {
		if err != nil {
			return total, err // the others tell the same
		}
	}
	return total, nil
}
