package kafka

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
)

// tendings is how often within Options.TakeoverAfter a member tells how its group stands.
const tendings = 3

// tend tells how the group and the topic stand, until ctx ends.
func (m *member) tend(ctx context.Context) {
	defer m.desk.Metrics.Leave()
	ticker := time.NewTicker(m.options.TakeoverAfter / tendings)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if err := m.tellTopics(ctx); err != nil && ctx.Err() == nil {
			m.logger.DebugContext(ctx, "the topics were not looked at", "error", err) // what consumes tells it louder
		}
		m.tell()
	}
}

// tell tells how the member's partitions stand; those of the group are the sum and the greatest of its members'.
func (m *member) tell() {
	pending, oldest := m.standing()
	m.desk.Metrics.Pending.Set(float64(pending))
	lag := time.Duration(0)
	if !oldest.IsZero() {
		lag = max(time.Since(oldest), 0)
	}
	m.desk.Metrics.Lag.Set(lag.Seconds())
}

// tellTopics tells how many events and dead letters there are.
func (m *member) tellTopics(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	starts, ends, err := m.bounds(ctx, m.address.topic)
	if err != nil {
		return err
	}
	entries := int64(0)
	ends.Each(func(end kadm.ListedOffset) {
		start, _ := starts.Lookup(end.Topic, end.Partition)
		entries += end.Offset - start.Offset
	})
	m.Bus.metrics.Entries.Set(float64(entries))
	committed, err := m.admin.FetchOffsets(ctx, m.address.topic+"."+m.desk.Group)
	if err != nil {
		err = fmt.Errorf("ask what the group %s has done: %w", m.desk.Group, err)
	} else {
		m.compare(starts, ends, committed)
	}
	letters, countErr := m.countLetters(ctx)
	if countErr == nil {
		m.Bus.metrics.Letters.Set(float64(letters))
	}
	return errors.Join(err, countErr)
}
