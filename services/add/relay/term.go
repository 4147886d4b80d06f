package relay

import (
	"context"
	"errors"
	"time"

	"github.com/glarimy/ums/shared/bus"
	"github.com/glarimy/ums/shared/event"
)

// batchSize is how many rows are taken at a time.
const batchSize = 500

// markTimeout bounds the marking of what was published when the relay is about to stop.
const markTimeout = 5 * time.Second

// term is the time for which one relay leads, and what it remembers for so long.
type term struct {
	*Relay

	unmarked []uint64  // published, and not marked because the database failed: to be marked before anything else
	probing  bool      // the bus failed the last time
	looked   time.Time // when parked users were looked for
	backlog  backlog
}

// run moves events to the bus until ctx ends.
func (t *term) run(ctx context.Context) error {
	var p pace
	for {
		moved, err := t.round(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		t.tell(ctx, p.failures > 0, err)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(p.next(moved, err)):
		}
	}
}

// round takes one batch to the bus and returns how many rows it took.
func (t *term) round(ctx context.Context) (taken int, err error) {
	if err := t.mark(ctx); err != nil {
		return 0, err
	}
	if err := t.retryParked(ctx); err != nil {
		return 0, err
	}
	rows, err := t.take(ctx)
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	probing := t.probing // passes over the later rows of a user who had trouble
	if err := t.publish(ctx, rows); err != nil || probing {
		t.backlog = backlog{}
		return len(rows), err
	}
	t.backlog.behind = max(t.backlog.behind, rows[len(rows)-1].seq)
	return len(rows), nil
}

// publish sends rows, marks those that the bus has, and parks the users of those that it refuses. The error is that of a
// bus or database that fails; the rows are then taken again.
func (t *term) publish(ctx context.Context, rows []row) error {
	send := t.sendAll
	if t.probing {
		send = t.probe
	}
	sent, refused, trouble := send(ctx, rows)
	t.probing = trouble != nil
	t.unmarked = append(t.unmarked, sent...)
	if err := t.mark(ctx); err != nil {
		return errors.Join(trouble, err)
	}
	return errors.Join(trouble, t.park(ctx, refused))
}

// refusal is a row that the bus refuses.
type refusal struct {
	row row
	err error
}

// sendAll sends the rows in one call.
func (t *term) sendAll(ctx context.Context, rows []row) (sent []uint64, refused []refusal, trouble error) {
	events := make([]event.Event, len(rows))
	for i, r := range rows {
		events[i] = r.event
	}
	results := t.bus.Publish(ctx, events)
	if results != nil && len(results) != len(rows) {
		return nil, nil, errors.New("the bus answered for another number of events than it was given")
	}
	for i, r := range rows {
		var err error
		if results != nil {
			err = results[i]
		}
		_, isRefusal := errors.AsType[*bus.RefusedError](err)
		switch {
		case err == nil:
			sent = append(sent, r.seq)
			t.metrics.sent(r.event, t.now())
		case isRefusal:
			refused = append(refused, refusal{row: r, err: err})
		case errors.Is(err, bus.ErrHeldBack):
		default:
			trouble = err
		}
	}
	return sent, refused, trouble
}

// probes is how many failures in a row mean that the bus is away.
const probes = 3

// probe sends rows to a bus that failed the last time, each on its own. Those that fail, and fail again once another has
// passed, are at fault themselves, even though the bus did not say so; failures that no success follows are the bus's.
func (t *term) probe(ctx context.Context, rows []row) (sent []uint64, refused []refusal, trouble error) {
	var suspects []row
	behind := map[string]bool{} // users of a row that did not pass
	for _, r := range rows {
		if behind[r.event.User] {
			continue
		}
		passed, no, err := t.sendAll(ctx, []row{r})
		sent, refused = append(sent, passed...), append(refused, no...)
		behind[r.event.User] = len(passed) == 0
		switch {
		case err != nil:
			suspects, trouble = append(suspects, r), err
		case len(passed) > 0:
			passed, no = t.reconsider(ctx, suspects)
			sent, refused = append(sent, passed...), append(refused, no...)
			suspects, trouble = nil, nil
		}
		if len(suspects) == probes {
			break
		}
	}
	return sent, refused, trouble
}

// reconsider sends rows once more that failed, to a bus that works.
func (t *term) reconsider(ctx context.Context, suspects []row) (sent []uint64, refused []refusal) {
	for _, r := range suspects {
		passed, no, err := t.sendAll(ctx, []row{r})
		if err != nil {
			no = []refusal{{row: r, err: err}}
		}
		sent, refused = append(sent, passed...), append(refused, no...)
	}
	return sent, refused
}

// mark marks what was published. It does so even where ctx has ended: the events are with the bus.
func (t *term) mark(ctx context.Context) error {
	if len(t.unmarked) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), markTimeout)
	defer cancel()
	if err := t.outbox.mark(ctx, t.unmarked, t.now()); err != nil {
		return err
	}
	t.unmarked = nil
	return nil
}

// tell logs that events do not move, once, and that they do again.
func (t *term) tell(ctx context.Context, failing bool, err error) {
	switch {
	case err != nil:
		t.metrics.failures.Inc()
		if !failing {
			t.logger.WarnContext(ctx, "events wait in the outbox; trying again", "error", err)
		}
	case failing:
		t.logger.InfoContext(ctx, "events move again")
	}
}
