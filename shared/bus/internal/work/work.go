package work

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"github.com/glarimy/ums/shared/bus"
	"github.com/glarimy/ums/shared/event"
)

// The pauses after failures of a single event.
const (
	firstRetry = 100 * time.Millisecond
	lastRetry  = time.Second
)

// Work has the window handled: all that never failed at once, and where that fails, and what failed before, one by one.
// What is to go to the dead letters goes there at the end, so that nothing waits for it. It stops between two calls once
// the desk Yields. The error is that of a handler that cannot work at all, or of the bus.
func (d *Desk[K]) Work(ctx context.Context) error {
	defer d.window.drop()
	return errors.Join(d.handle(ctx), d.giveUp(ctx))
}

// handle has handled what is not to go to the dead letters.
func (d *Desk[K]) handle(ctx context.Context) error {
	if together := d.window.fresh(); len(together) > 1 {
		err := d.call(ctx, together...)
		if d.isUnavailable(ctx, err) {
			return err
		}
	}
	d.window.drop()
	behind := map[string]bool{} // users with an event that waits for its next attempt
	for _, h := range d.window.list {
		if d.Yields != nil && d.Yields() {
			return nil
		}
		if h.event.User != "" && behind[h.event.User] {
			continue
		}
		if h.fault != nil {
			behind[h.event.User] = true
			continue
		}
		waits, err := d.try(ctx, h)
		if err != nil {
			return err
		}
		behind[h.event.User] = waits
	}
	return nil
}

// try has one event handled, if it is time. It returns whether the event still waits: for another attempt, or for the
// dead letters.
func (d *Desk[K]) try(ctx context.Context, h *held[K]) (waits bool, err error) {
	if time.Now().Before(h.notBefore) {
		return true, nil
	}
	err = d.call(ctx, h)
	if err == nil {
		return false, nil
	}
	if d.isUnavailable(ctx, err) {
		return true, err
	}
	h.attempts++
	d.Metrics.Failed.Inc()
	d.Logger.DebugContext(ctx, "an event failed", "id", h.event.ID, "attempts", h.attempts, "error", err)
	h.notBefore = time.Now().Add(doubled(firstRetry, lastRetry, h.attempts-1))
	if h.attempts >= d.Attempts {
		h.fault, h.notBefore = err, time.Time{}
	}
	return true, nil
}

// isUnavailable reports whether an error says nothing about the events. What a group that cannot work has in hand is
// given back, for a member that can.
func (d *Desk[K]) isUnavailable(ctx context.Context, err error) bool {
	if err == nil {
		return false
	}
	if ctx.Err() != nil {
		return true
	}
	if !errors.Is(err, bus.ErrUnavailable) {
		return false
	}
	d.Metrics.Unavailable.Inc()
	d.window.drop()
	d.GiveBack(ctx)
	return true
}

// call calls the handler, and notes what it has done.
func (d *Desk[K]) call(ctx context.Context, list ...*held[K]) error {
	events := make([]event.Event, len(list))
	for i, h := range list {
		events[i] = h.event
	}
	if err := d.guard(ctx, events); err != nil {
		return err
	}
	for _, h := range list {
		h.done = true
		d.Done(h.key)
	}
	d.Metrics.Handled.Add(float64(len(list)))
	return nil
}

// guard turns a panic into an error: an event that makes the handler panic would otherwise bring down each member in
// turn.
func (d *Desk[K]) guard(ctx context.Context, events []event.Event) (err error) {
	defer func() {
		if p := recover(); p != nil {
			d.Logger.ErrorContext(ctx, "panic", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = errors.New("the handler panicked; its log tells where")
		}
	}()
	return d.Handle(ctx, events)
}

// maxReason bounds the reason that a dead letter tells, in bytes.
const maxReason = 500

// giveUp moves what is at fault to the dead letters. After an error it is left for the next time.
func (d *Desk[K]) giveUp(ctx context.Context) error {
	for _, h := range d.window.list {
		if h.fault == nil || h.done {
			continue
		}
		if d.Yields != nil && d.Yields() {
			return nil
		}
		text := strings.ToValidUTF8(strings.Join(strings.Fields(h.fault.Error()), " "), "")
		if len(text) > maxReason {
			text = strings.ToValidUTF8(text[:maxReason], "")
		}
		moved, err := d.Bury(ctx, h.key, h.attempts, text)
		if err != nil {
			return fmt.Errorf("move an entry to the dead letters: %w", err)
		}
		h.done = true
		if moved {
			d.Metrics.Buried.Inc()
			d.Logger.ErrorContext(ctx, "an entry went to the dead letters; see ums dead-letters",
				"entry", h.key, "attempts", h.attempts, "reason", text)
		}
	}
	return nil
}
