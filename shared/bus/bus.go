// Package bus is the contract of the event bus: what publishers and consumers may rely on, whatever carries the events.
// Package transport opens the one that EVENTS_URL names.
//
// The bus delivers at least once. Whoever must not do a thing twice remembers the ids of the events that he has done.
//
// The events of one user arrive in order as long as one publisher sends them and one member of a group receives them.
// Where a publisher or a member took over from another, and where several members share a group's work, the order is
// that of their Sequence.
package bus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/glarimy/ums/shared/event"
)

// Publisher sends events.
type Publisher interface {
	// Publish sends events and returns nil once all of them are with the bus, or else one result for each, in their
	// order: nil for one that is with the bus, a [*RefusedError] for one that the bus will not take however often it is
	// sent, and any other error for one that should be sent again, as it is not certain what became of it.
	//
	// An event never reaches the bus while an earlier one of the same user in the same call has not: it then has the
	// result [ErrHeldBack] or that of the earlier one.
	//
	// Publish is safe for concurrent use and returns soon after ctx has ended.
	Publish(ctx context.Context, events []event.Event) []error
}

// Handler does what a group does with events. Nil says that all of them are done; the bus then forgets them for the
// group. An error that is [ErrUnavailable] says that the group cannot work at all now: the same events come again after
// a while, to any member, for as long as it takes. Any other error, or a panic, is an event's fault: the events come
// again one by one, and one that fails [Subscription].Attempts times goes to the dead letters, with the error, which
// therefore holds no part of its data. Later events of its user wait for it, those of others do not. Attempts are
// counted by the member that has the event; one that takes it over begins anew. Events may come again after a nil, too.
//
// A handler may take as long as it needs; it should return soon after ctx has ended. What it returns then is not
// counted as an attempt, unless it is nil.
type Handler func(ctx context.Context, events []event.Event) error

// ErrUnavailable is what a [Handler] returns, wrapped, when what it works with is away. No event is at fault then.
var ErrUnavailable = errors.New("unavailable for now")

// Subscription says who consumes.
type Subscription struct {
	// Group is the common name of those who share the work: each event goes to one of them. A group that is new begins
	// with the oldest event that the bus has.
	Group string

	// Batch is the greatest number of events in one call of the handler (default 256, at most 1000).
	Batch int

	// Attempts is how often an event may fail before it goes to the dead letters (default 5).
	Attempts int
}

// Consumer receives events.
type Consumer interface {
	// Consume hands events to handle, one call at a time, until ctx ends, and returns ctx's error. A bus that is away,
	// or that has lost its events or its groups, does not end it: it takes up again. Events that a member of the group
	// took and did not finish, because it died, come to another. Entries of the bus that are no events go to the dead
	// letters at once.
	Consume(ctx context.Context, s Subscription, handle Handler) error
}

// DeadLetter is an entry of the bus that no one could use: malformed, or failed as often as a [Subscription] allows.
type DeadLetter struct {
	ID       string    // of the dead letter
	Group    string    // who could not use it
	Reason   string    // why, in one line; it holds no part of the event's data
	Attempts int       // how often it failed; 0 where it is malformed
	At       time.Time // when it was given up
	Fields   []Field   // the entry as it was on the bus
}

// Field is a field of an entry, or a header or the value of a record.
type Field struct {
	Name, Value string
}

// DeadLetters is what an operator does with dead letters.
type DeadLetters interface {
	// DeadLetters returns at most limit dead letters behind the one of which after is the ID, oldest first. Empty is
	// before the first.
	DeadLetters(ctx context.Context, after string, limit int) ([]DeadLetter, error)

	// Retry puts the entries of dead letters on the bus again, for all groups, and takes them from the dead letters.
	// It returns how many it moved, which is not 0 where it failed on the way, and those of ids that are no dead letters.
	Retry(ctx context.Context, ids ...string) (moved int, unknown []string, err error)
}

// Bus is both sides of the bus. It is safe for concurrent use.
type Bus interface {
	Publisher
	Consumer
	DeadLetters

	// Close gives back the connections. Nothing else may run or be called then.
	Close() error
}

// ErrHeldBack is the result of an event that was not sent because an earlier one of the same user was refused.
var ErrHeldBack = errors.New("held back: an earlier event of the same user was refused")

// RefusedError says that the bus will not take an event as it is.
type RefusedError struct {
	Err error // why; it holds no part of the event's data
}

func (e *RefusedError) Error() string { return fmt.Sprintf("the bus refuses the event: %v", e.Err) }

func (e *RefusedError) Unwrap() error { return e.Err }
