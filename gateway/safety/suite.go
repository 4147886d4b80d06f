package safety

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
)

// Dial opens a connection to the server under test.
type Dial func(ctx context.Context) (net.Conn, error)

// Suite is the table with an upstream for each case, running. Its methods are safe for concurrent use, Close excepted.
type Suite struct {
	cases []running
}

type running struct {
	Case
	slot     string
	upstream *upstream
}

// Route is what the server under test must forward for a case, with the target unchanged: /slot/{one segment}, GET and
// DELETE without a body, POST, PUT and PATCH with one of at most BodyLimit bytes, to the upstream at Addr over HTTP/1.1 and
// connections that it keeps.
type Route struct {
	Slot string
	Addr string // host:port
	Late bool   // the case waits for the end of the time that a request is given, which no other comes near
}

// BodyLimit is what a server under test takes as a body, in bytes.
const BodyLimit = 64 << 10

// NewSuite starts the upstreams of the cases.
func NewSuite(ctx context.Context, cases []Case) (*Suite, error) {
	s := &Suite{}
	for i, c := range cases {
		u, err := newUpstream(ctx, c.Serve)
		if err != nil {
			return nil, errors.Join(err, s.Close())
		}
		s.cases = append(s.cases, running{Case: c, slot: fmt.Sprintf("c%03d", i), upstream: u})
	}
	return s, nil
}

// Routes returns what the server under test must forward.
func (s *Suite) Routes() []Route {
	routes := make([]Route, len(s.cases))
	for i, c := range s.cases {
		routes[i] = Route{Slot: c.slot, Addr: c.upstream.listener.Addr().String(), Late: c.Late}
	}
	return routes
}

// Cases returns the table.
func (s *Suite) Cases() []Case {
	cases := make([]Case, len(s.cases))
	for i, c := range s.cases {
		cases[i] = c.Case
	}
	return cases
}

// Close ends the upstreams.
func (s *Suite) Close() error {
	var errs []error
	for _, c := range s.cases {
		errs = append(errs, c.upstream.close())
	}
	return errors.Join(errs...)
}

// Run runs the i-th case, once, and tells what was wrong.
func (s *Suite) Run(ctx context.Context, i int, dial Dial) error {
	ctx, cancel := context.WithTimeout(ctx, 2*patience)
	defer cancel()
	c := s.cases[i]
	client, err := newClient(ctx, dial, "/"+c.slot, c.upstream)
	if err != nil {
		return err
	}
	defer func() { _ = client.conn.Close() }()
	for n, step := range c.Client {
		if err := step.do(client); err != nil {
			return fmt.Errorf("step %d: %w", n+1, err)
		}
	}
	_ = client.conn.Close()
	if err := c.next(ctx, dial); err != nil {
		return err
	}
	return c.judge(ctx)
}

// Forget drops what the upstream of the i-th case has recorded on connections that are between two requests or have ended.
func (s *Suite) Forget(i int) { s.cases[i].upstream.forget() }

// Received returns what has reached the upstream of the i-th case, once another client has got its own answer.
func (s *Suite) Received(ctx context.Context, i int, dial Dial) (Received, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := s.cases[i].next(ctx, dial); err != nil {
		return Received{}, err
	}
	return s.cases[i].upstream.settle(ctx)
}

// next is a client that has done nothing wrong, and that must get its own answer. It also makes sure that all that the
// server was going to forward earlier has arrived.
func (c running) next(ctx context.Context, dial Dial) error {
	next, err := newClient(ctx, dial, "/"+c.slot, c.upstream)
	if err != nil {
		return err
	}
	defer func() { _ = next.conn.Close() }()
	want := "GET /" + c.slot + sentinel
	next.write(want + " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
	a, err := next.read(http.MethodGet)
	if err != nil || a.body != want {
		return fmt.Errorf("the next client gets %d %.200q, want the answer to %q: %w", a.status, a.body, want, orWrong(err))
	}
	return nil
}

// judge looks at what reached the upstream.
func (c running) judge(ctx context.Context) error {
	got, err := c.upstream.settle(ctx)
	if err != nil {
		return err
	}
	return c.Reach.check("/"+c.slot, got)
}
