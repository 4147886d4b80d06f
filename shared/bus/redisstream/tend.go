package redisstream

import (
	"context"
	"fmt"
	"time"
)

// released is how long entries are said to have been idle for others to take them at once.
const released = 24 * time.Hour

// silence is how many times Options.TakeoverAfter a consumer with nothing pending is silent before it is removed. One
// that lives says something every half second.
const silence = 10

// tend keeps the member's entries its own while they are in work, and the stream tidy, until ctx ends.
func (m *member) tend(ctx context.Context) {
	defer m.desk.Metrics.Leave()
	ticker := time.NewTicker(m.options.TakeoverAfter / takeoverLooks)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		for _, do := range []func(context.Context) error{m.keep, m.sweep, m.trim} {
			if err := do(ctx); err != nil && ctx.Err() == nil {
				m.logger.DebugContext(ctx, "the stream was not tended", "error", err) // what consumes tells it louder
				break
			}
		}
	}
}

// keep says that the member still works on what it has in hand.
func (m *member) keep(ctx context.Context) error { return m.setIdle(ctx, m.desk.Keys(), 0) }

func (m *member) setIdle(ctx context.Context, ids []string, idle time.Duration) error {
	if len(ids) == 0 {
		return nil
	}
	args := []any{m.desk.Group, m.name, idle.Milliseconds()}
	for _, id := range ids {
		args = append(args, id)
	}
	if err := ownScript.Run(ctx, m.client, []string{Stream}, args...).Err(); err != nil {
		return fmt.Errorf("tell whether %d entries are in work: %w", len(ids), err)
	}
	return nil
}

// giveBack lets other members have at once what is in hand.
func (m *member) giveBack(ctx context.Context) {
	if err := m.setIdle(ctx, m.desk.Keys(), released); err != nil {
		m.logger.DebugContext(ctx, "the events were not given back", "error", err)
	}
}

// sweep removes the consumers of processes that died.
func (m *member) sweep(ctx context.Context) error {
	most := silence * m.options.TakeoverAfter
	if err := sweepScript.Run(ctx, m.client, []string{Stream}, m.desk.Group, most.Milliseconds()).Err(); err != nil {
		return fmt.Errorf("remove silent consumers: %w", err)
	}
	return nil
}

// trim removes what nobody needs any more and tells how the group stands.
func (m *member) trim(ctx context.Context) error {
	state, err := tendScript.Run(ctx, m.client, []string{Stream, DeadLetters},
		m.desk.Group, m.options.Retention.Milliseconds()).Int64Slice()
	if err != nil {
		return fmt.Errorf("trim the stream %s: %w", Stream, err)
	}
	if len(state) != 4 {
		return fmt.Errorf("%w: %d numbers of the stream", errAnswer, len(state))
	}
	entries, letters, pending, age := state[0], state[1], state[2], state[3]
	m.Bus.metrics.Entries.Set(float64(entries))
	m.Bus.metrics.Letters.Set(float64(letters))
	m.desk.Metrics.Pending.Set(float64(pending))
	m.desk.Metrics.Lag.Set(max(float64(age), 0) / 1000)
	if entries >= m.options.MaxLength {
		m.logger.WarnContext(ctx, "the event stream is full and loses its oldest entries, seen or not; "+
			"destroy the group that has stopped consuming, or see why it has", "entries", entries)
	}
	return nil
}
