package kafka

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// position is where a record is.
type position struct {
	partition int32
	offset    int64
}

// String is how an operator reads a position, and the form of a dead letter's ID.
func (p position) String() string { return fmt.Sprintf("%d-%d", p.partition, p.offset) }

// share is what a member has of one partition.
type share struct {
	received  []receipt // that are not all done, in their order
	next      int64     // the first offset that is not done; -1 where nothing was received yet
	committed int64     // what the group knows of next
	end       int64     // behind the last record of the partition

	// What compare has found where nothing was received that is not done.
	at    int64     // the first offset that is not done; -1 is unknown
	since time.Time // since when a record has been there; zero is that there is none
}

func newShare() *share { return &share{next: -1, committed: -1, at: -1} }

// receipt is a record that was received.
type receipt struct {
	record *kgo.Record
	done   bool
}

// note takes note of what was received of a partition.
func (m *member) note(partition int32, end int64, records []*kgo.Record) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.shares[partition]
	if s == nil {
		s = newShare()
		m.shares[partition] = s
	}
	s.end = max(s.end, end)
	for _, r := range records {
		if s.next < 0 {
			s.next, s.committed = r.Offset, r.Offset
		}
		s.received = append(s.received, receipt{record: r})
		s.since = time.Time{}
	}
}

// find returns the place of a record among those received of its partition.
func (m *member) find(p position) (*share, int) {
	s := m.shares[p.partition]
	if s == nil {
		return nil, -1
	}
	i, found := slices.BinarySearchFunc(s.received, p.offset, func(r receipt, offset int64) int {
		return int(r.record.Offset - offset)
	})
	if !found {
		return nil, -1
	}
	return s, i
}

// record returns a record that was received and whose partition is still the member's.
func (m *member) record(p position) *kgo.Record {
	m.mu.Lock()
	defer m.mu.Unlock()
	if s, i := m.find(p); s != nil {
		return s.received[i].record
	}
	return nil
}

// markDone notes that records are done.
func (m *member) markDone(positions ...position) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, p := range positions {
		s, i := m.find(p)
		if s == nil {
			continue
		}
		s.received[i].done = true
		for len(s.received) > 0 && s.received[0].done {
			s.next = s.received[0].record.Offset + 1
			s.received[0] = receipt{} // the record is no longer kept
			s.received = s.received[1:]
		}
	}
}

// toCommit returns what the group does not know yet, of some partitions or of all.
func (m *member) toCommit(partitions []int32) map[int32]kgo.EpochOffset {
	m.mu.Lock()
	defer m.mu.Unlock()
	offsets := map[int32]kgo.EpochOffset{}
	for partition, s := range m.shares {
		if s.next > s.committed && (partitions == nil || slices.Contains(partitions, partition)) {
			offsets[partition] = kgo.EpochOffset{Epoch: -1, Offset: s.next}
		}
	}
	return offsets
}

func (m *member) noteCommitted(partition int32, offset int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if s := m.shares[partition]; s != nil {
		s.committed = max(s.committed, offset)
	}
}

// commit tells the group what is done.
func (m *member) commit(ctx context.Context) error { return m.commitWith(ctx, m.client, nil) }

func (m *member) commitWith(ctx context.Context, client *kgo.Client, partitions []int32) error {
	offsets := m.toCommit(partitions)
	if len(offsets) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveTimeout)
	defer cancel()
	tag := tagOf(m.id)
	ctx = kgo.PreCommitFnContext(ctx, func(r *kmsg.OffsetCommitRequest) error {
		for t := range r.Topics {
			for p := range r.Topics[t].Partitions {
				r.Topics[t].Partitions[p].Metadata = &tag
			}
		}
		return nil
	})
	var failed error
	client.CommitOffsetsSync(ctx, map[string]map[int32]kgo.EpochOffset{m.address.topic: offsets},
		func(_ *kgo.Client, _ *kmsg.OffsetCommitRequest, answer *kmsg.OffsetCommitResponse, err error) {
			if failed = err; err == nil {
				failed = m.committed(offsets, answer)
			}
		})
	if failed != nil {
		return fmt.Errorf("commit what the group %s has done: %w", m.desk.Group, failed)
	}
	return nil
}

// committed reads the answer to a commit.
func (m *member) committed(offsets map[int32]kgo.EpochOffset, answer *kmsg.OffsetCommitResponse) error {
	for _, t := range answer.Topics {
		for _, p := range t.Partitions {
			switch err := kerr.ErrorForCode(p.ErrorCode); {
			case err == nil:
				m.noteCommitted(p.Partition, offsets[p.Partition].Offset)
			case errors.Is(err, kerr.RebalanceInProgress): // the next commit says it again
			default:
				return err
			}
		}
	}
	return nil
}

// assigned is called when partitions become the member's.
func (m *member) assigned(_ context.Context, _ *kgo.Client, partitions map[string][]int32) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, p := range partitions[m.address.topic] {
		m.shares[p] = newShare()
	}
}

// revoked is called when partitions are to go to another member. It waits for the handler to finish its call.
func (m *member) revoked(ctx context.Context, client *kgo.Client, partitions map[string][]int32) {
	if len(partitions[m.address.topic]) == 0 {
		return
	}
	defer m.interrupt()()
	if err := m.commitWith(ctx, client, partitions[m.address.topic]); err != nil {
		m.logger.DebugContext(ctx, "events that were done come to another member again", "error", err)
	}
	m.drop(partitions[m.address.topic])
}

// lost is called when partitions are another member's already.
func (m *member) lost(_ context.Context, _ *kgo.Client, partitions map[string][]int32) {
	defer m.interrupt()()
	m.drop(partitions[m.address.topic])
}

// interrupt gets hold of the desk as soon as the handler has finished the call that it is in, and returns what lets go.
func (m *member) interrupt() (release func()) {
	m.wanted.Add(1)
	m.turn.Lock()
	m.wanted.Add(-1)
	return m.turn.Unlock
}

// drop forgets partitions.
func (m *member) drop(partitions []int32) {
	m.desk.Remove(func(p position) bool { return slices.Contains(partitions, p.partition) })
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, p := range partitions {
		delete(m.shares, p)
	}
}

// session is one membership. It sorts out what was committed of a topic that is gone.
type session struct {
	*member
	topic topicID
	stale map[int32]bool // partitions
}

func tagOf(id topicID) string { return hex.EncodeToString(id[:]) }

// fetched looks which of the group's offsets are of another topic than the one that is there.
func (s *session) fetched(_ context.Context, _ *kgo.Client, answer *kmsg.OffsetFetchResponse) error {
	s.stale = map[int32]bool{}
	note := func(partition int32, offset int64, metadata *string) {
		if offset >= 0 && metadata != nil && len(*metadata) == len(tagOf(s.topic)) && *metadata != tagOf(s.topic) {
			s.stale[partition] = true
		}
	}
	for _, t := range answer.Topics {
		for _, p := range t.Partitions {
			note(p.Partition, p.Offset, p.Metadata)
		}
	}
	for _, g := range answer.Groups {
		for _, t := range g.Topics {
			for _, p := range t.Partitions {
				note(p.Partition, p.Offset, p.Metadata)
			}
		}
	}
	return nil
}

// adjust has them begin anew.
func (s *session) adjust(
	_ context.Context, offsets map[string]map[int32]kgo.Offset,
) (map[string]map[int32]kgo.Offset, error) {
	for partition := range offsets[s.address.topic] {
		if s.stale[partition] {
			offsets[s.address.topic][partition] = kgo.NewOffset().AtStart()
		}
	}
	return offsets, nil
}
