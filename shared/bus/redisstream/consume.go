package redisstream

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/glarimy/ums/shared/bus"
	"github.com/glarimy/ums/shared/bus/internal/work"
)

const (
	// blockTime is the longest wait for events in one call, and so the longest that a member is late to stop.
	blockTime = 500 * time.Millisecond

	// leaveTimeout bounds what a member does when it stops: acknowledge, give back, go.
	leaveTimeout = time.Second
)

// Consume implements [bus.Consumer].
func (b *Bus) Consume(ctx context.Context, s bus.Subscription, handle bus.Handler) error {
	s, err := work.Complete(s)
	if err != nil {
		return err
	}
	m := &member{Bus: b, name: consumerName(), logger: b.logger.With("group", s.Group), own: beginning}
	m.desk = &work.Desk[string]{
		Subscription: s, Handle: handle, Metrics: b.metrics.Of(s.Group), Logger: m.logger,
		Done: func(ids ...string) { m.done = append(m.done, ids...) }, Bury: m.bury, GiveBack: m.giveBack,
	}
	background, stop := context.WithCancel(ctx)
	var tending sync.WaitGroup
	tending.Go(func() { m.tend(background) })
	m.run(ctx)
	stop()
	tending.Wait()
	m.leave(ctx)
	return ctx.Err()
}

// consumerName returns a name that no other member ever has and that tells an operator where it runs.
func consumerName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return host + "-" + rand.Text()
}

// beginning is before every entry.
const beginning = "0-0"

// member is one consumer of a group, for one call of Consume.
type member struct {
	*Bus
	name   string
	logger *slog.Logger
	desk   *work.Desk[string]

	joined bool
	own    string   // behind which to read again what is pending under the member's name; "" when that is read
	done   []string // not acknowledged yet

	takeover time.Time // when to look next for what others left
	scanned  string    // how far the last look came; "" for all of it
}

// run works until ctx ends. After an error nothing is known of what is pending.
func (m *member) run(ctx context.Context) {
	work.Loop{
		Logger: m.logger, Step: m.step, IsLost: isGroupLost,
		Afresh: func(error, int) {
			m.joined, m.own = false, beginning
			m.desk.Clear()
		},
	}.Run(ctx)
}

// step receives events and has them handled.
func (m *member) step(ctx context.Context) error {
	for _, do := range []func(context.Context) error{m.acknowledge, m.join, m.takeOver, m.receive, m.desk.Work} {
		if err := do(ctx); err != nil {
			return err
		}
	}
	return m.acknowledge(ctx)
}

// isGroupLost reports whether the stream or the group is gone.
func isGroupLost(err error) bool {
	return redis.HasErrorPrefix(err, "NOGROUP") || redis.HasErrorPrefix(err, "UNBLOCKED")
}

// join makes the stream and the group where they are not there.
func (m *member) join(ctx context.Context) error {
	if m.joined {
		return nil
	}
	err := m.client.XGroupCreateMkStream(ctx, Stream, m.desk.Group, "0").Err()
	if err != nil && !redis.HasErrorPrefix(err, "BUSYGROUP") {
		return fmt.Errorf("make the group %s: %w", m.desk.Group, err)
	}
	m.joined = true
	m.checks.once(ctx, m.client, m.logger)
	return nil
}

// acknowledge tells the bus what is done.
func (m *member) acknowledge(ctx context.Context) error {
	if len(m.done) == 0 {
		return nil
	}
	if err := m.client.XAck(ctx, Stream, m.desk.Group, m.done...).Err(); err != nil {
		return fmt.Errorf("acknowledge %d entries: %w", len(m.done), err)
	}
	m.done = m.done[:0]
	return nil
}

// leave gives back what is not done, for others to take at once, and removes the consumer if nothing is left to it.
func (m *member) leave(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveTimeout)
	defer cancel()
	err := m.acknowledge(ctx)
	if err == nil {
		err = m.setIdle(ctx, m.desk.Keys(), released)
	}
	if err == nil {
		err = leaveScript.Run(ctx, m.client, []string{Stream}, m.desk.Group, m.name).Err()
	}
	if err != nil && !isGroupLost(err) {
		m.logger.DebugContext(ctx, "the consumer was not removed; others will do so", "error", err)
	}
}
