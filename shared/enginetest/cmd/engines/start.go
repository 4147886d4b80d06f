package main

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/glarimy/ums/shared/enginetest/internal/engine"
)

// A want is a server to have before the command runs.
type want struct {
	kind     string
	variable string // tells its URL to the command
	sources  []engine.Source
	optional bool // not an error if it cannot be had, even if REQUIRE_ENGINES=1
}

var errInterrupted = errors.New("interrupted")

// start starts the servers side by side and returns one for each want: nil for one that cannot be had, which is an
// error only if REQUIRE_ENGINES=1; else the tests that need it say so themselves. The servers are to be closed after an
// error too.
func (s surroundings) start(wants []want) ([]*engine.Server, error) {
	ctx, cancel := context.WithTimeoutCause(context.Background(), startWait, fmt.Errorf("not ready in %v", startWait))
	defer cancel()
	ctx, done := s.untilSignal(ctx)
	servers := make([]*engine.Server, len(wants))
	failures := make([]error, len(wants))
	var starting sync.WaitGroup
	for i, w := range wants {
		starting.Go(func() { servers[i], failures[i] = s.startOne(ctx, w) })
	}
	starting.Wait()
	if interrupted := done(); interrupted {
		return servers, errInterrupted
	}
	err := errors.Join(failures...)
	if err != nil && s.host.Getenv("REQUIRE_ENGINES") != "1" {
		fmt.Fprintln(s.stderr, "engines:", err)
		err = nil
	}
	return servers, err
}

func (s surroundings) startOne(ctx context.Context, w want) (*engine.Server, error) {
	server, _, err := s.host.Choose(ctx, w.sources)
	if err != nil && w.optional {
		fmt.Fprintf(s.stderr, "engines: there is no %s: %v\n", w.kind, err)
		return nil, nil //nolint:nilnil // the tests that need it say so themselves
	}
	if err != nil {
		return nil, fmt.Errorf("there is no %s: %w", w.kind, err)
	}
	return server, nil
}

// untilSignal gives a context that ends at the first signal. done stops the listening and says whether there was one.
func (s surroundings) untilSignal(ctx context.Context) (_ context.Context, done func() (interrupted bool)) {
	ctx, cancel := context.WithCancel(ctx)
	stop, stopped := make(chan struct{}), make(chan bool)
	go func() {
		select {
		case <-s.signals:
			cancel()
			stopped <- true
		case <-stop:
			stopped <- false
		}
	}()
	return ctx, func() bool {
		defer cancel()
		close(stop)
		return <-stopped
	}
}
