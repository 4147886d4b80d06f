package redisstream

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/glarimy/ums/shared/bus"
)

const (
	defaultBatch    = 256
	maxBatch        = 1000
	defaultAttempts = 5

	// blockTime is the longest wait for events in one call, and so the longest that a member is late to stop.
	blockTime = 500 * time.Millisecond

	// leaveTimeout bounds what a member does when it stops: acknowledge, give back, go.
	leaveTimeout = time.Second
)

// The pauses after failures, of a single event and of everything.
const (
	firstRetry   = 100 * time.Millisecond
	lastRetry    = time.Second
	firstBackoff = 100 * time.Millisecond
	lastBackoff  = 5 * time.Second
)

// Consume implements [bus.Consumer].
func (b *Bus) Consume(ctx context.Context, s bus.Subscription, handle bus.Handler) error {
	if s.Group == "" {
		return errors.New("consume: the subscription names no group")
	}
	s.Batch = min(cmp.Or(s.Batch, defaultBatch), maxBatch)
	s.Attempts = cmp.Or(s.Attempts, defaultAttempts)
	m := &member{
		Bus: b, Subscription: s, handle: handle, name: consumerName(),
		metrics: b.metrics.of(s.Group), logger: b.logger.With("group", s.Group), own: beginning,
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
	bus.Subscription
	handle  bus.Handler
	name    string
	metrics *groupMetrics
	logger  *slog.Logger

	joined   bool
	own      string         // behind which to read again what is pending under the member's name; "" when that is read
	attempts map[string]int // by id, of what is read again
	window   window
	done     []string // not acknowledged yet

	takeover time.Time // when to look next for what others left
	scanned  string    // how far the last look came; "" for all of it
	failures int       // in a row
}

// run works until ctx ends.
func (m *member) run(ctx context.Context) {
	for ctx.Err() == nil {
		err := m.step(ctx)
		if ctx.Err() != nil {
			return
		}
		m.tell(ctx, err)
		if err == nil {
			m.failures = 0
			continue
		}
		m.failures++
		m.joined, m.own, m.attempts = false, beginning, m.window.clear()
		if m.failures > 1 || !isGroupLost(err) {
			pause(ctx, doubled(firstBackoff, lastBackoff, m.failures-1))
		}
	}
}

// step receives events and has them handled. After an error nothing is known of what is pending.
func (m *member) step(ctx context.Context) error {
	for _, do := range []func(context.Context) error{m.acknowledge, m.join, m.takeOver, m.receive, m.work} {
		if err := do(ctx); err != nil {
			return err
		}
	}
	return m.acknowledge(ctx)
}

// tell logs that a group cannot consume, once, and that it does again.
func (m *member) tell(ctx context.Context, err error) {
	switch {
	case err != nil && m.failures == 0 && isGroupLost(err):
		m.logger.WarnContext(ctx, "the event bus has lost the group; making it again", "error", err)
	case err != nil && m.failures == 0:
		m.logger.WarnContext(ctx, "events wait on the bus; trying again", "error", err)
	case err == nil && m.failures > 0:
		m.logger.InfoContext(ctx, "events are consumed again")
	}
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
	err := m.client.XGroupCreateMkStream(ctx, Stream, m.Group, "0").Err()
	if err != nil && !redis.HasErrorPrefix(err, "BUSYGROUP") {
		return fmt.Errorf("make the group %s: %w", m.Group, err)
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
	if err := m.client.XAck(ctx, Stream, m.Group, m.done...).Err(); err != nil {
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
		err = m.setIdle(ctx, m.window.ids(), released)
	}
	if err == nil {
		err = leaveScript.Run(ctx, m.client, []string{Stream}, m.Group, m.name).Err()
	}
	if err != nil && !isGroupLost(err) {
		m.logger.DebugContext(ctx, "the consumer was not removed; others will do so", "error", err)
	}
}

// pause waits for d or the end of ctx.
func pause(ctx context.Context, d time.Duration) {
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
