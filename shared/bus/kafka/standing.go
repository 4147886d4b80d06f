package kafka

import (
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
)

// compare notes what the member's partitions have that it was not given: of one that it cannot read it hears nothing.
func (m *member) compare(starts, ends kadm.ListedOffsets, committed kadm.OffsetResponses) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for partition, s := range m.shares {
		start, _ := starts.Lookup(m.address.topic, partition)
		end, _ := ends.Lookup(m.address.topic, partition)
		at := s.next
		if done, ok := committed.Lookup(m.address.topic, partition); ok && at < 0 {
			at = done.At
		}
		at = max(at, start.Offset) // what was before is gone
		s.end = max(s.end, end.Offset)
		switch waits := len(s.received) == 0 && at < end.Offset; {
		case !waits:
			s.since = time.Time{}
		case s.since.IsZero() || s.at != at:
			s.since = time.Now()
		}
		s.at = at
	}
}

// standing returns how many records of the member's partitions are not done, and when the oldest of them came, or was
// first missed where it was not received; the zero time where there is none.
func (m *member) standing() (pending int64, oldest time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range m.shares {
		if begun := max(s.next, s.at); begun >= 0 {
			pending += max(s.end-begun, 0)
		}
		came := s.since
		if len(s.received) > 0 {
			came = s.received[0].record.Timestamp
		}
		if !came.IsZero() && (oldest.IsZero() || came.Before(oldest)) {
			oldest = came
		}
	}
	return pending, oldest
}
