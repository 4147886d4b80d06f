package load

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
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
	sources := make([]Source, connections)
	for i := range sources {
		next := i * len(requests) / connections
		sources[i] = func() []byte {
			request := requests[next]
			if next++; next == len(requests) {
				next = 0
			}
			return request
		}
	}
	return DialSources(ctx, addr, http.StatusOK, sources)
}

// Source returns the next request of a connection, whole, as it goes over the wire. It is called by one goroutine.
type Source func() []byte

// DialSources opens a connection for each source to the server at addr. An answer that has another status than want
// counts as failed.
func DialSources(ctx context.Context, addr string, want int, sources []Source) (*Client, error) {
	c := &Client{}
	for _, source := range sources {
		tcp, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("connect to the server: %w", err), c.Close())
		}
		c.conns = append(c.conns, &connection{tcp: tcp, source: source, want: want})
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
func (c *Client) Run(ctx context.Context, d time.Duration) (Result, error) { return c.RunAt(ctx, d, 0) }

// RunAt is Run at a rate: so many requests a second over all connections, which take turns; 0 is as many as are answered.
// A request that comes late, as the one before it was not answered in time, counts from when it was due.
func (c *Client) RunAt(ctx context.Context, d time.Duration, perSecond float64) (Result, error) {
	var every time.Duration
	if perSecond > 0 {
		every = time.Duration(float64(len(c.conns)) / perSecond * float64(time.Second))
	}
	start := time.Now()
	stop := context.AfterFunc(ctx, func() { _ = c.Close() })
	defer stop()
	results := make([]Result, len(c.conns))
	errs := make([]error, len(c.conns))
	var running sync.WaitGroup
	for i, conn := range c.conns {
		running.Go(func() {
			first := start.Add(every * time.Duration(i) / time.Duration(len(c.conns)))
			results[i], errs[i] = conn.run(first, start.Add(d), every)
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
