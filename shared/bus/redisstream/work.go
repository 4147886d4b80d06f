package redisstream

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

// work has the window handled: all that never failed at once, and where that fails, and what failed before, one by one.
// The error is that of a handler that cannot work at all, or of the bus.
func (m *member) work(ctx context.Context) error {
	defer m.window.drop()
	if together := m.window.fresh(); len(together) > 1 {
		err := m.call(ctx, together...)
		if m.isUnavailable(ctx, err) {
			return err
		}
	}
	m.window.drop()
	behind := map[string]bool{} // users with an event that waits for its next attempt
	for _, h := range m.window.list {
		if h.event.User != "" && behind[h.event.User] {
			continue
		}
		waits, err := m.try(ctx, h)
		if err != nil {
			return err
		}
		behind[h.event.User] = waits
	}
	return nil
}

// try has one event handled, if it is time. It returns whether the event is to be tried again.
func (m *member) try(ctx context.Context, h *held) (again bool, err error) {
	if time.Now().Before(h.notBefore) {
		return true, nil
	}
	err = m.call(ctx, h)
	if err == nil {
		return false, nil
	}
	if m.isUnavailable(ctx, err) {
		return true, err
	}
	h.attempts++
	m.metrics.failed.Inc()
	m.logger.DebugContext(ctx, "an event failed", "id", h.event.ID, "attempts", h.attempts, "error", err)
	if h.attempts < m.Attempts {
		h.notBefore = time.Now().Add(doubled(firstRetry, lastRetry, h.attempts-1))
		return true, nil
	}
	if err := m.bury(ctx, h.id, h.attempts, err); err != nil {
		return true, err
	}
	h.done = true
	return false, nil
}

// isUnavailable reports whether an error says nothing about the events. What a group that cannot work has in hand is
// given back, for a member that can.
func (m *member) isUnavailable(ctx context.Context, err error) bool {
	if err == nil {
		return false
	}
	if ctx.Err() != nil {
		return true
	}
	if !errors.Is(err, bus.ErrUnavailable) {
		return false
	}
	m.metrics.unavailable.Inc()
	m.window.drop()
	if err := m.setIdle(ctx, m.window.ids(), released); err != nil {
		m.logger.DebugContext(ctx, "the events were not given back", "error", err)
	}
	return true
}

// call calls the handler, and notes what it has done.
func (m *member) call(ctx context.Context, list ...*held) error {
	events := make([]event.Event, len(list))
	for i, h := range list {
		events[i] = h.event
	}
	if err := m.guard(ctx, events); err != nil {
		return err
	}
	for _, h := range list {
		h.done = true
		m.done = append(m.done, h.id)
	}
	m.metrics.handled.Add(float64(len(list)))
	return nil
}

// guard turns a panic into an error: an event that makes the handler panic would otherwise bring down each member in
// turn.
func (m *member) guard(ctx context.Context, events []event.Event) (err error) {
	defer func() {
		if p := recover(); p != nil {
			m.logger.ErrorContext(ctx, "panic", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = errors.New("the handler panicked; its log tells where")
		}
	}()
	return m.handle(ctx, events)
}

// maxReason bounds the reason that a dead letter tells.
const maxReason = 500

// bury moves an entry to the dead letters.
func (m *member) bury(ctx context.Context, id string, attempts int, reason error) error {
	text := strings.ToValidUTF8(strings.Join(strings.Fields(reason.Error()), " "), "")
	if len(text) > maxReason {
		text = strings.ToValidUTF8(text[:maxReason], "")
	}
	moved, err := buryScript.Run(ctx, m.client, []string{Stream, DeadLetters}, m.Group, m.name, id,
		MaxDeadLetters, text, attempts, time.Now().UTC().Format(time.RFC3339Nano)).Bool()
	if err != nil {
		return fmt.Errorf("move an entry to the dead letters: %w", err)
	}
	if moved {
		m.metrics.buried.Inc()
		m.logger.ErrorContext(ctx, "an entry went to the dead letters; see ums dead-letters",
			"entry", id, "attempts", attempts, "reason", text)
	}
	return nil
}
