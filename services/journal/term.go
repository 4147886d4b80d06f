package journal

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/glarimy/ums/shared/bus"
	"github.com/glarimy/ums/shared/event"
)

const (
	walkBatch    = 500
	walkInterval = 200 * time.Millisecond // between two looks into the outbox when no event comes from the bus
	pause        = time.Second            // after a failure
)

// term is the time for which one process appends.
//
// Changes come from the outbox, whether the bus has them or not: it is walked along its primary key, so that they are
// recorded in the order of their sequence. A user's changes take their numbers under the lock of the user's row. So when a
// walk sees one, those before it are there to be seen too: in the same walk, or else in a gap of an earlier one, which is
// looked into after the walk and before anything is recorded.
//
// The bus says that there is something new before the next look would, and brings what the outbox does not have: reads,
// and changes whose rows are not there or not any more. What the bus loses, delays, turns around or repeats does no harm.
// No number that it brings is believed: one that somebody made up would otherwise pass for a very wide gap.
type term struct {
	*appender

	mu       sync.Mutex // of one round
	progress progress
	newest   time.Time // when the newest event was recorded
}

// start takes up where the last term ended.
func (t *term) start(ctx context.Context) (done bool, err error) {
	if t.progress, t.newest, err = t.ledger.begin(ctx); err != nil {
		return false, err
	}
	return t.walkOnce(ctx)
}

// repeat calls do again and again until it is done or ctx ends. Trouble is told of once, and when it is over.
func (t *term) repeat(ctx context.Context, do func(context.Context) (done bool, err error)) error {
	for failing := false; ; {
		done, err := do(ctx)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case done:
			return nil
		case err != nil && !failing:
			t.logger.WarnContext(ctx, "the journal does not grow; trying again", "error", err)
		case err == nil && failing:
			t.logger.InfoContext(ctx, "the journal grows again")
		}
		wait := walkInterval
		if failing = err != nil; failing {
			t.metrics.failures.Inc()
			wait = pause
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
}

// walk records what is new in the outbox. It is never done.
func (t *term) walk(ctx context.Context) (done bool, err error) {
	_, err = t.walkOnce(ctx)
	return false, err
}

func (t *term) walkOnce(ctx context.Context) (done bool, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	err = t.catchUp(ctx)
	return err == nil, err
}

// consume records what the bus brings until ctx ends.
func (t *term) consume(ctx context.Context) error {
	for {
		err := t.bus.Consume(ctx, bus.Subscription{Group: groupName}, t.handle)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		t.logger.WarnContext(ctx, "the bus cannot be consumed; trying again", "error", err)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

// handle records events of the bus. Its error is bus.ErrUnavailable but for what is an event's own fault.
func (t *term) handle(ctx context.Context, events []event.Event) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.catchUp(ctx); err != nil {
		return unavailable(err)
	}
	missing, err := absent(ctx, t.db, events)
	if err != nil {
		return unavailable(err)
	}
	t.metrics.repeated.Add(float64(len(events) - len(missing)))
	var sound []event.Event
	var faults []error
	for _, e := range inOrder(missing) {
		if err := e.Validate(); err != nil {
			faults = append(faults, fmt.Errorf("event %s: %w", e.ID, err))
			continue
		}
		sound = append(sound, e)
	}
	refused, err := t.record(ctx, fromBus, sound, nil)
	if err != nil {
		return unavailable(err)
	}
	return errors.Join(append(faults, refused...)...)
}

func unavailable(err error) error { return fmt.Errorf("%w: %w", bus.ErrUnavailable, err) }

// inOrder puts changes into the order of their sequence, before the reads.
func inOrder(events []event.Event) []event.Event {
	slices.SortStableFunc(events, func(a, b event.Event) int {
		if a.IsChange() && b.IsChange() {
			return strings.Compare(a.Sequence, b.Sequence)
		}
		return rank(a) - rank(b)
	})
	return events
}

func rank(e event.Event) int {
	if e.IsChange() {
		return 0
	}
	return 1
}

// catchUp records all that is new in the outbox.
func (t *term) catchUp(ctx context.Context) error {
	for {
		taken, err := t.step(ctx)
		if err != nil || taken < walkBatch {
			return err
		}
	}
}

// step takes one batch from the outbox and returns how many rows were beyond the last one.
func (t *term) step(ctx context.Context) (taken int, err error) {
	now := t.now()
	ahead, err := t.outbox.beyond(ctx, t.progress.walked, walkBatch)
	if err != nil {
		return 0, err
	}
	open := t.progress.gaps
	late, err := t.outbox.within(ctx, open) // after the walk: see term
	if err != nil {
		return 0, err
	}
	next := progress{walked: t.progress.walked, gaps: open.without(numbersOf(late)).
		opened(t.progress.walked, numbersOf(ahead), now).recent(now)}
	if len(ahead) > 0 {
		next.walked = ahead[len(ahead)-1].seq
	}
	if next.equal(t.progress) {
		return 0, nil
	}
	events := make([]event.Event, 0, len(late)+len(ahead))
	for _, r := range append(late, ahead...) {
		events = append(events, r.event)
	}
	refused, err := t.record(ctx, fromOutbox, events, &next)
	if err != nil {
		return 0, err
	}
	for _, err := range refused {
		t.logger.ErrorContext(ctx, "an event of the outbox cannot be recorded and is left out", "error", err)
	}
	t.metrics.late.Add(float64(len(late)))
	t.metrics.gaps.Set(float64(len(next.gaps)))
	return len(ahead), nil
}

// record appends events, and the progress with them where there is one. Those that no table would take are left out and
// returned as errors, which hold nothing of the events but their ids.
func (t *term) record(ctx context.Context, origin string, events []event.Event, next *progress) (refused []error, err error) {
	err = t.append(ctx, origin, events, next)
	if err == nil || !isUnstorable(err) {
		return nil, err
	}
	for _, e := range events {
		err := t.append(ctx, origin, []event.Event{e}, nil)
		switch {
		case isUnstorable(err):
			t.metrics.refused.Inc()
			refused = append(refused, fmt.Errorf("event %s: %w", e.ID, errUnstorable))
		case err != nil:
			return nil, err
		}
	}
	return refused, t.append(ctx, origin, nil, next)
}

func (t *term) append(ctx context.Context, origin string, events []event.Event, next *progress) error {
	if len(events) == 0 && next == nil {
		return nil
	}
	t.newest = latest(t.newest, t.now())
	recorded, err := t.ledger.append(ctx, events, t.newest, next)
	if err != nil {
		return err
	}
	if next != nil {
		t.progress = *next
	}
	if recorded > 0 {
		t.appended()
		t.metrics.record(origin, recorded, events, t.newest)
	}
	return nil
}

// latest keeps recorded_at from falling where a clock does, or differs from that of the appender before.
func latest(newest, now time.Time) time.Time {
	if now = now.UTC().Truncate(time.Microsecond); now.After(newest) {
		return now
	}
	return newest
}
