package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/glarimy/ums/shared/bus"
	"github.com/glarimy/ums/shared/bus/internal/work"
	"github.com/glarimy/ums/shared/event"
)

// Bounds of what is sent together, in bytes. All records of one flush that belong to one partition then fit into one
// batch, which a broker takes whole or not at all.
const (
	batchBytes = 1_000_000
	flushBytes = batchBytes / 2
)

// sender is the producer. It flushes one call after the other.
type sender struct {
	bus    *Bus
	turn   chan struct{} // holds a token while a call sends
	client *kgo.Client   // nil until something is sent, after the topic was lost, and after a call without an answer
}

func newSender(b *Bus) sender { return sender{bus: b, turn: make(chan struct{}, 1)} }

func (s *sender) close() {
	if s.client != nil {
		s.client.Close()
		s.client = nil
	}
}

// Publish implements [bus.Publisher].
func (b *Bus) Publish(ctx context.Context, events []event.Event) []error {
	results, sound := work.Refuse(events)
	if len(sound) == 0 {
		return results
	}
	all := make([]error, len(events))
	copy(all, results)
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	b.sender.publish(ctx, events, sound, all)
	for _, err := range all {
		if err != nil {
			return all
		}
	}
	return nil
}

// publish sends some of the events and notes what became of them. After trouble it sends no more.
func (s *sender) publish(ctx context.Context, events []event.Event, indices []int, results []error) {
	fail := func(indices []int, err error) {
		for _, i := range indices {
			results[i] = fmt.Errorf("send events to the topic %s: %w", s.bus.address.topic, err)
		}
	}
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		fail(indices, ctx.Err())
		return
	}
	if err := s.prepare(ctx); err != nil {
		fail(indices, err)
		return
	}
	defer s.giveUp()
	for len(indices) > 0 {
		n := together(events, indices)
		err := s.flush(ctx, events, indices[:n], results)
		indices = indices[n:]
		if err != nil {
			fail(indices, err)
			return
		}
	}
}

// giveUp ends a client that has something left to send. It is not to be sent before what comes, which would wait for a
// broker that others have nothing to do with; whoever published it sends it again.
func (s *sender) giveUp() {
	if s.client != nil && s.client.BufferedProduceRecords() > 0 {
		s.close()
	}
}

// prepare has a client at hand.
func (s *sender) prepare(ctx context.Context) (err error) {
	if s.client != nil {
		return nil
	}
	if _, err := s.bus.ensure(ctx, s.bus.address.topic); err != nil {
		return err
	}
	s.client, err = s.bus.client(
		kgo.RequiredAcks(kgo.AllISRAcks()),
		kgo.ManualFlushing(),
		kgo.ProducerBatchMaxBytes(batchBytes),
		kgo.ProducerBatchCompression(kgo.GzipCompression()), // every broker and client has it without a library of its own
		kgo.RecordDeliveryTimeout(callTimeout),
		kgo.ProduceRequestTimeout(callTimeout),
		kgo.UnknownTopicRetries(1),
	)
	return err
}

// together returns how many of the events are sent in one flush: at least one.
func together(events []event.Event, indices []int) int {
	size := 0
	for n, i := range indices {
		size += recordBytes(events[i])
		if n > 0 && size > flushBytes {
			return n
		}
	}
	return len(indices)
}

// recordBytes returns about how long a record is, and never less than it is.
func recordBytes(e event.Event) int {
	const overhead = 64 // of the record and of each header: lengths, offsets, the names that encode adds
	size := overhead + len(e.User) + len(e.ID) + len(e.Data)
	for _, a := range e.Attributes() {
		size += overhead + len(a.Name) + len(a.Value)
	}
	return size
}

// flush sends events and notes their results. The error is trouble that is not an event's.
func (s *sender) flush(ctx context.Context, events []event.Event, indices []int, results []error) error {
	errs := s.produce(ctx, events, indices)
	for isLostToAny(errs) && ctx.Err() == nil {
		errs = s.again(ctx, events, indices, errs)
	}
	var trouble error
	var refused []int
	for n, i := range indices {
		switch err := errs[n]; {
		case err == nil:
		case isRefusal(err):
			refused = append(refused, i)
			results[i] = &bus.RefusedError{Err: err}
		default:
			results[i] = fmt.Errorf("send an event to the topic %s: %w", s.bus.address.topic, err)
			trouble = err
		}
	}
	if len(indices) == 1 || len(refused) == 0 || trouble != nil {
		return trouble
	}
	return s.oneByOne(ctx, events, refused, results)
}

// oneByOne finds out which events of a refused batch are at fault.
func (s *sender) oneByOne(ctx context.Context, events []event.Event, indices []int, results []error) error {
	held := map[string]bool{}
	for n, i := range indices {
		user := events[i].User
		if user != "" && held[user] {
			results[i] = bus.ErrHeldBack
			continue
		}
		results[i] = nil
		if err := s.flush(ctx, events, []int{i}, results); err != nil {
			for _, later := range indices[n+1:] {
				results[later] = results[i]
			}
			return err
		}
		held[user] = results[i] != nil
	}
	return nil
}

// again makes the topic that was lost and sends once more what was not taken.
func (s *sender) again(ctx context.Context, events []event.Event, indices []int, errs []error) []error {
	s.close()
	err := s.prepare(ctx)
	var failed, places []int
	for n, i := range indices {
		if errs[n] != nil {
			failed, places = append(failed, i), append(places, n)
		}
	}
	if err != nil {
		for _, n := range places {
			errs[n] = err
		}
		return errs
	}
	for n, err := range s.produce(ctx, events, failed) {
		errs[places[n]] = err
	}
	return errs
}

// errUnanswered is the result of an event of which it is not known whether it arrived.
var errUnanswered = errors.New("not acknowledged in time")

// produce sends events and returns what became of each, soon after ctx has ended.
func (s *sender) produce(ctx context.Context, events []event.Event, indices []int) []error {
	var mu sync.Mutex
	errs := make([]error, len(indices))
	for n, i := range indices {
		errs[n] = errUnanswered
		s.client.Produce(ctx, encode(s.bus.address.topic, events[i]), func(_ *kgo.Record, err error) {
			mu.Lock()
			defer mu.Unlock()
			errs[n] = err
		})
	}
	_ = s.client.Flush(ctx) // what failed is told of each event
	mu.Lock()
	defer mu.Unlock()
	return slices.Clone(errs)
}

func isLostToAny(errs []error) bool { return slices.ContainsFunc(errs, isUnknown) }

// isRefusal reports whether a broker, or the client for it, will never take a record, or a batch with it.
func isRefusal(err error) bool {
	return isTooLarge(err) || errors.Is(err, kerr.InvalidRecord) || errors.Is(err, kerr.InvalidTimestamp)
}
