package bustest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/glarimy/ums/shared/bus"
	"github.com/glarimy/ums/shared/event"
)

// Patience is how long what must happen is waited for; it is long for a machine.
const Patience = time.Minute

// Eventually fails t unless something comes true in time.
func Eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	deadline := time.NewTimer(Patience)
	defer deadline.Stop()
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for !is() {
		select {
		case <-look.C:
		case <-deadline.C:
			t.Fatalf("not within %s: %s", Patience, what)
		}
	}
}

// Inbox keeps what a group was given. It is safe for concurrent use.
type Inbox struct {
	mu       sync.Mutex
	received []event.Event
	calls    int
	Refuse   func(event.Event) error // before Handle is called first; nil refuses nothing
}

// Handle is a handler that takes what it is not told to refuse.
func (i *Inbox) Handle(_ context.Context, events []event.Event) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.calls++
	for _, e := range events {
		if i.Refuse != nil {
			if err := i.Refuse(e); err != nil {
				return err
			}
		}
	}
	i.received = append(i.received, events...)
	return nil
}

// SetRefuse changes what is refused.
func (i *Inbox) SetRefuse(refuse func(event.Event) error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.Refuse = refuse
}

// Events returns what was taken, in the order in which it came.
func (i *Inbox) Events() []event.Event {
	i.mu.Lock()
	defer i.mu.Unlock()
	return slices.Clone(i.received)
}

// Calls returns how often Handle was called.
func (i *Inbox) Calls() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.calls
}

// Has reports whether events of all these ids were taken.
func (i *Inbox) Has(ids ...string) bool {
	got := map[string]bool{}
	for _, e := range i.Events() {
		got[e.ID] = true
	}
	return !slices.ContainsFunc(ids, func(id string) bool { return !got[id] })
}

// Of returns the sequences of one user's events, in the order in which they came.
func (i *Inbox) Of(user string) []string {
	var sequences []string
	for _, e := range i.Events() {
		if e.User == user {
			sequences = append(sequences, e.Sequence)
		}
	}
	return sequences
}

// Consume runs a member of the group "test" until the test ends or the returned function is called.
func Consume(t *testing.T, b bus.Consumer, handle bus.Handler) (stop func()) {
	t.Helper()
	return ConsumeAs(t, b, bus.Subscription{Group: "test", Attempts: 3}, handle)
}

// ConsumeAs runs a member of a group in the same way.
func ConsumeAs(t *testing.T, b bus.Consumer, s bus.Subscription, handle bus.Handler) (stop func()) {
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
		case <-time.After(Patience):
			t.Error("Consume does not end with its context")
		}
	})
	t.Cleanup(stop)
	return stop
}

// Publish sends events, which the bus must take, and returns their ids.
func Publish(t *testing.T, b bus.Publisher, events ...event.Event) []string {
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

// Many are events of a few users in turn.
func Many(n int) []event.Event {
	events := make([]event.Event, n)
	for i := range events {
		events[i] = Added([]string{"KrishnaMohan", "Krishna Rao", "Somebody Else"}[i%3], uint64(i+1))
	}
	return events
}

// Added is an event of a user.
func Added(name string, sequence uint64) event.Event {
	return event.Event{
		ID: uuid.NewString(), Source: event.SourceAdd, Type: event.TypeAdded, User: name,
		Time: time.Date(2022, 9, 12, 10, 0, 0, 0, time.UTC), Sequence: event.Sequence(sequence),
		Data: fmt.Appendf(nil, `{"name": %q}`, name),
	}
}
