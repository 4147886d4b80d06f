// Package bus is the contract of the event bus: what publishers and consumers may rely on, whatever carries the events.
// Package transport opens the one that EVENTS_URL names.
//
// The bus delivers at least once. Whoever must not do a thing twice remembers the ids of the events that he has done.
// The events of one user arrive in order as long as one publisher at a time sends them; where a publisher took over
// from another, they are in the order of their Sequence.
package bus

import (
	"context"
	"errors"
	"fmt"

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

// Bus is both sides of the bus. It is safe for concurrent use.
type Bus interface {
	Publisher

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
