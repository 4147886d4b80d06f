package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/glarimy/ums/shared/bus"
	"github.com/glarimy/ums/shared/bus/internal/work"
)

const (
	// pollTime is the longest wait for events in one call, and so the longest that a member is late to stop.
	pollTime = 500 * time.Millisecond

	// lookEvery is how often a member that gets no events sees whether brokers and topic are there.
	lookEvery = time.Second

	// lookTimeout bounds such a look.
	lookTimeout = 2 * time.Second

	// failureStays is for how long a partition that was not read is told of. Another attempt takes pollTime.
	failureStays = 3 * time.Second

	// leaveTimeout bounds what a member does when it stops: commit, go.
	leaveTimeout = time.Second

	// rebalanceTime is how long a group waits for a member whose handler works, before it gives its partitions away.
	rebalanceTime = time.Minute

	// heartbeats is how many a member sends in the time after which it is held for dead.
	heartbeats = 10

	// patience is how many times in a row a member that cannot work tries before it leaves its partitions to others.
	patience = 3
)

// Consume implements [bus.Consumer].
func (b *Bus) Consume(ctx context.Context, s bus.Subscription, handle bus.Handler) error {
	s, err := work.Complete(s)
	if err != nil {
		return err
	}
	m := &member{Bus: b, logger: b.logger.With("group", s.Group), shares: map[int32]*share{}}
	m.desk = &work.Desk[position]{
		Subscription: s, Handle: handle, Metrics: b.metrics.Of(s.Group), Logger: m.logger,
		Done: m.markDone, Bury: m.bury, GiveBack: func(context.Context) {},
		Yields: func() bool { return m.wanted.Load() > 0 },
	}
	background, stop := context.WithCancel(ctx)
	var tending sync.WaitGroup
	tending.Go(func() { m.tend(background) })
	work.Loop{Logger: m.logger, Step: m.step, IsLost: isLost, Afresh: m.afresh}.Run(ctx)
	stop()
	tending.Wait()
	m.leave()
	return ctx.Err()
}

// isLost reports whether the topic or the group is gone, or another has taken its place.
func isLost(err error) bool { return errors.Is(err, errTopicLost) || isUnknown(err) }

// member is one consumer of a group, for one call of Consume.
type member struct {
	*Bus
	logger *slog.Logger
	desk   *work.Desk[position]

	client *kgo.Client // nil while it is no member
	id     topicID
	looked time.Time

	failed   error // why partitions were not read
	failedAt time.Time

	// turn is held while the desk is in use: by a step, for as long as its handler works, and by what the client calls
	// when partitions come and go; those count themselves, so that the step ends with its call.
	turn   sync.Mutex
	wanted atomic.Int32

	mu     sync.Mutex // guards shares, and is held for moments only
	shares map[int32]*share
}

// step receives events and has them handled.
func (m *member) step(ctx context.Context) error {
	if err := m.join(ctx); err != nil {
		return err
	}
	fetches := m.receive(ctx)
	m.turn.Lock()
	defer m.turn.Unlock()
	m.take(fetches)
	m.client.AllowRebalance()
	unread := m.unread(ctx, fetches)
	err := m.look(ctx, fetches)
	if err == nil {
		err = m.desk.Work(ctx)
	}
	err = errors.Join(err, m.commit(ctx))
	if err == nil && unread != nil && !isLost(unread) {
		return fmt.Errorf("%w; %w", unread, work.ErrRestGoesOn)
	}
	return errors.Join(unread, err)
}

// join makes the topic where it is not there, and a new member of the group.
func (m *member) join(ctx context.Context) (err error) {
	if m.client != nil {
		return nil
	}
	if m.id, err = m.ensure(ctx, m.address.topic); err != nil {
		return err
	}
	session := &session{member: m, topic: m.id}
	m.client, err = m.Bus.client(
		kgo.ConsumerGroup(m.address.topic+"."+m.desk.Group),
		kgo.ConsumeTopics(m.address.topic),
		kgo.Balancers(kgo.CooperativeStickyBalancer()),
		kgo.ConsumeStartOffset(kgo.NewOffset().AtStart()),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.DisableAutoCommit(),
		kgo.BlockRebalanceOnPoll(),
		kgo.SessionTimeout(m.options.TakeoverAfter),
		kgo.HeartbeatInterval(m.options.TakeoverAfter/heartbeats),
		kgo.RebalanceTimeout(max(rebalanceTime, m.options.TakeoverAfter)),
		kgo.FetchMaxWait(pollTime),
		kgo.OnPartitionsAssigned(m.assigned),
		kgo.OnPartitionsRevoked(m.revoked),
		kgo.OnPartitionsLost(m.lost),
		kgo.OnOffsetsFetched(session.fetched),
		kgo.AdjustFetchOffsetsFn(session.adjust),
	)
	m.looked = time.Now()
	return err
}

// receive waits for events while there is nothing else to do.
func (m *member) receive(ctx context.Context) kgo.Fetches {
	m.turn.Lock() // partitions may be lost at any time
	room, wait := m.desk.Room(), m.desk.Wait(pollTime)
	m.turn.Unlock()
	if room == 0 {
		work.Pause(ctx, wait)
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	if wait == 0 {
		ctx = nil // by which the client returns what it has, at once
	}
	return m.client.PollRecords(ctx, room)
}

// unread returns why partitions could not be read. The answer stays the same for a while, as one partition is read
// between two failures of another.
func (m *member) unread(ctx context.Context, fetches kgo.Fetches) error {
	var errs []error
	for _, e := range fetches.Errors() {
		switch _, isLoss := errors.AsType[*kgo.ErrDataLoss](e.Err); {
		case errors.Is(e.Err, context.DeadlineExceeded), errors.Is(e.Err, context.Canceled):
		case isLoss: // the client goes on with what there is
			m.logger.WarnContext(ctx, "events are gone from the topic that the group has not seen", "error", e.Err)
		default:
			errs = append(errs, fmt.Errorf("read partition %d of the topic %s: %w", e.Partition, m.address.topic, e.Err))
		}
	}
	if len(errs) > 0 {
		m.failed, m.failedAt = errors.Join(errs...), time.Now()
	} else if time.Since(m.failedAt) > failureStays {
		m.failed = nil
	}
	return m.failed
}

// take puts records on the desk.
func (m *member) take(fetches kgo.Fetches) {
	fetches.EachPartition(func(p kgo.FetchTopicPartition) {
		m.note(p.Partition, p.HighWatermark, p.Records)
	})
	for iter := fetches.RecordIter(); !iter.Done(); {
		r := iter.Next()
		at := position{r.Partition, r.Offset}
		decoded, malformed := decode(r)
		if malformed == nil {
			m.desk.Add(at, decoded)
		} else {
			m.desk.AddMalformed(at, malformed)
		}
	}
}

// look sees from time to time whether the brokers and the topic are there, of which a poll does not tell.
func (m *member) look(ctx context.Context, fetches kgo.Fetches) error {
	if fetches.NumRecords() > 0 {
		m.looked = time.Now()
		return nil
	}
	if time.Since(m.looked) < lookEvery {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	told, err := m.topic(ctx, m.address.topic)
	if err != nil {
		return err
	}
	if told.id != m.id {
		return fmt.Errorf("%w: another has its name %s", errTopicLost, m.address.topic)
	}
	m.looked = time.Now()
	return nil
}

// afresh decides what becomes of the membership after a failure. To leave a group whose brokers are away would make the
// others, and this member itself, wait for the end of its session.
func (m *member) afresh(err error, failures int) {
	cannotWork := errors.Is(err, bus.ErrUnavailable) && failures >= patience
	if isLost(err) || cannotWork {
		m.leave()
	}
	if isLost(err) { // what comes has the positions of other events
		m.desk.Forget()
	}
}

// leave ends the membership; what is not done comes to others at once.
func (m *member) leave() {
	if m.client == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), leaveTimeout)
	defer cancel()
	if err := m.client.LeaveGroupContext(ctx); err != nil {
		m.logger.DebugContext(ctx, "the member did not leave its group; it ends with its session", "error", err)
	}
	m.client.Close()
	m.client, m.failed = nil, nil
	m.desk.Clear()
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(m.shares)
}
