package schema

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"
)

// Options of a [Gate]. The zero value is good for a service.
type Options struct {
	// MinInterval and MaxInterval bound the pause between two looks of Run, which doubles from the one to the other.
	// 0 is 100 ms and 2 s.
	MinInterval, MaxInterval time.Duration

	// Timeout bounds one look, so that a database that does not answer is not waited for. 0 is 2 s.
	Timeout time.Duration

	// Known and Required stand for the constants of the same names where they are not 0.
	Known, Required uint64

	// Logger is told each new reason to wait, and the end of the waiting. Nil is silence.
	Logger *slog.Logger
}

// Gate says whether the schema that a service needs has been seen. It opens once and stays open, whatever becomes of
// the database afterwards: one dependency's outage must not empty every list of endpoints.
// All methods are safe for concurrent use.
type Gate struct {
	db  Querier
	o   Options
	why atomic.Pointer[reason]
}

// reason is why the gate is shut; an open gate's reason has no error.
type reason struct{ err error }

// NewGate returns a shut gate. It does not touch db, which may be out of reach until Check or Run is called.
func NewGate(db Querier, o Options) *Gate {
	o.MinInterval = orDefault(o.MinInterval, 100*time.Millisecond)
	o.MaxInterval = max(orDefault(o.MaxInterval, 2*time.Second), o.MinInterval)
	o.Timeout = orDefault(o.Timeout, 2*time.Second)
	o.Known = orDefault(o.Known, Known)
	o.Required = orDefault(o.Required, Required)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	g := &Gate{db: db, o: o}
	g.why.Store(&reason{err: errNotChecked})
	return g
}

// Check looks at the database once and returns what it saw: nil, or why the service cannot work on it, as
// [State.Allows] says, or that it could not be read. The first good look opens the gate.
func (g *Gate) Check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, g.o.Timeout)
	defer cancel()
	state, err := Read(ctx, g.db)
	if err == nil {
		err = state.Allows(g.o.Known, g.o.Required)
	}
	g.record(err)
	return err
}

// Run looks at the database until the gate is open, and returns nil, or until ctx ends, and returns both that and the
// last reason to wait. A service runs it in the background and starts to listen meanwhile.
func (g *Gate) Run(ctx context.Context) error {
	said := ""
	for pause := g.o.MinInterval; ; pause = min(2*pause, g.o.MaxInterval) {
		err := g.Check(ctx)
		if err == nil || g.Ready() == nil {
			g.o.Logger.InfoContext(ctx, "schema seen", "required", g.o.Required)
			return nil
		}
		if ctx.Err() != nil {
			return errors.Join(ctx.Err(), err)
		}
		if now := err.Error(); now != said {
			g.o.Logger.WarnContext(ctx, "waiting for the schema", "reason", now)
			said = now
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(pause):
		}
	}
}

// Then returns a task that waits as Run does and then does what task does. Any number of them may run at a time.
func (g *Gate) Then(task func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		if err := g.Run(ctx); err != nil {
			return err
		}
		return task(ctx)
	}
}

// Ready returns nil once the schema has been seen, and before that the reason of the last look. It costs one atomic
// read and never touches the database.
func (g *Gate) Ready() error { return g.why.Load().err }

// record keeps err as the reason why the gate is shut, unless the gate is open.
func (g *Gate) record(err error) {
	for {
		before := g.why.Load()
		if before.err == nil || g.why.CompareAndSwap(before, &reason{err: err}) {
			return
		}
	}
}

func orDefault[T comparable](value, otherwise T) T {
	var zero T
	if value == zero {
		return otherwise
	}
	return value
}
