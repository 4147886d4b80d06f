package work

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// The pauses after failures of everything.
const (
	firstBackoff = 100 * time.Millisecond
	lastBackoff  = 5 * time.Second
)

// ErrRestGoesOn is wrapped by the error of a step that had only a part of its events to do without: the next one follows
// soon, however often this has happened.
var ErrRestGoesOn = errors.New("the rest goes on")

// Loop is how a member goes on whatever fails.
type Loop struct {
	Logger *slog.Logger

	// Step receives events and has them handled.
	Step func(context.Context) error

	// IsLost reports whether an error says that the bus has lost its events or the group: there is nothing to wait for.
	IsLost func(error) bool

	// Afresh prepares for beginning anew after a Step that failed with err, as the last of so many in a row.
	Afresh func(err error, failures int)
}

// Run works until ctx ends.
func (l Loop) Run(ctx context.Context) {
	failures := 0
	for ctx.Err() == nil {
		err := l.Step(ctx)
		if ctx.Err() != nil {
			return
		}
		l.tell(ctx, failures, err)
		if err == nil {
			failures = 0
			continue
		}
		failures++
		l.Afresh(err, failures)
		switch {
		case errors.Is(err, ErrRestGoesOn):
			Pause(ctx, firstBackoff)
		case failures > 1 || !l.IsLost(err):
			Pause(ctx, doubled(firstBackoff, lastBackoff, failures-1))
		}
	}
}

// tell logs that a group cannot consume, once, and that it does again.
func (l Loop) tell(ctx context.Context, failures int, err error) {
	switch {
	case err != nil && failures == 0 && l.IsLost(err):
		l.Logger.WarnContext(ctx, "the event bus has lost the group; making it again", "error", err)
	case err != nil && failures == 0:
		l.Logger.WarnContext(ctx, "events wait on the bus; trying again", "error", err)
	case err == nil && failures > 0:
		l.Logger.InfoContext(ctx, "events are consumed again")
	}
}

// Pause waits for d or the end of ctx.
func Pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// doubled returns first after n doublings, and last where that is less.
func doubled(first, last time.Duration, n int) time.Duration {
	for range n {
		if first >= last/2 {
			return last
		}
		first *= 2
	}
	return first
}
