package redisstream_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/glarimy/ums/shared/bus"
	"github.com/glarimy/ums/shared/bus/redisstream"
	"github.com/glarimy/ums/shared/event"
)

// patience is long for a machine.
const patience = 20 * time.Second

// eventually fails t unless something comes true in time.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for !is() {
		select {
		case <-look.C:
		case <-deadline.C:
			t.Fatalf("not within %s: %s", patience, what)
		}
	}
}

// inbox keeps what a group was given. It is safe for concurrent use.
type inbox struct {
	mu       sync.Mutex
	received []event.Event
	calls    int
	refuse   func(event.Event) error // nil refuses nothing
}

func (i *inbox) handle(_ context.Context, events []event.Event) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.calls++
	for _, e := range events {
		if i.refuse != nil {
			if err := i.refuse(e); err != nil {
				return err
			}
		}
	}
	i.received = append(i.received, events...)
	return nil
}

func (i *inbox) setRefuse(refuse func(event.Event) error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.refuse = refuse
}

func (i *inbox) events() []event.Event {
	i.mu.Lock()
	defer i.mu.Unlock()
	return slices.Clone(i.received)
}

func (i *inbox) numberOfCalls() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.calls
}

func (i *inbox) has(ids ...string) bool {
	got := map[string]bool{}
	for _, e := range i.events() {
		got[e.ID] = true
	}
	return !slices.ContainsFunc(ids, func(id string) bool { return !got[id] })
}

// of returns the sequences of one user's events, in the order in which they came.
func (i *inbox) of(user string) []string {
	var sequences []string
	for _, e := range i.events() {
		if e.User == user {
			sequences = append(sequences, e.Sequence)
		}
	}
	return sequences
}

// consume runs a member of the group "test" until the test ends or the returned function is called.
func consume(t *testing.T, b bus.Consumer, handle bus.Handler) (stop func()) {
	t.Helper()
	return consumeAs(t, b, bus.Subscription{Group: "test", Attempts: 3}, handle)
}

func consumeAs(t *testing.T, b bus.Consumer, s bus.Subscription, handle bus.Handler) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- b.Consume(ctx, s, handle) }()
	stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-ended:
			if !errors.Is(err, context.Canceled) {
				t.Errorf("Consume = %v, want the error of its context", err)
			}
		case <-time.After(patience):
			t.Error("Consume does not end with its context")
		}
	})
	t.Cleanup(stop)
	return stop
}

func publish(t *testing.T, b bus.Publisher, events ...event.Event) []string {
	t.Helper()
	if results := b.Publish(t.Context(), events); results != nil {
		t.Fatalf("Publish = %v", results)
	}
	ids := make([]string, len(events))
	for i, e := range events {
		ids[i] = e.ID
	}
	return ids
}

// many are events of a few users in turn.
func many(n int) []event.Event {
	events := make([]event.Event, n)
	for i := range events {
		events[i] = added([]string{"KrishnaMohan", "Krishna Rao", "Somebody Else"}[i%3], uint64(i+1))
	}
	return events
}

// soon are options with which a dead member's entries are taken over soon.
func soon() redisstream.Options { return redisstream.Options{TakeoverAfter: 300 * time.Millisecond} }

// xadd writes an entry as a program of another language does.
func xadd(t *testing.T, url string, fields ...any) {
	t.Helper()
	command := append([]any{"XADD", "ums:user:events", "*", "ce_id", uuid.NewString()}, fields...)
	if err := client(t, url).Do(t.Context(), command...).Err(); err != nil {
		t.Fatal(err)
	}
}
