// Package work is what a member of a group does with the events that it has received, whatever bus they came from: it
// keeps them in a window, calls the handler, tries again, and gives up what cannot be done.
package work

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"maps"
	"time"

	"github.com/glarimy/ums/shared/bus"
	"github.com/glarimy/ums/shared/bus/internal/busmetrics"
	"github.com/glarimy/ums/shared/event"
)

const (
	defaultBatch    = 256
	maxBatch        = 1000
	defaultAttempts = 5
)

// Complete returns a subscription with its defaults, or an error that says what it lacks.
func Complete(s bus.Subscription) (bus.Subscription, error) {
	if s.Group == "" {
		return s, errors.New("consume: the subscription names no group")
	}
	s.Batch = min(cmp.Or(s.Batch, defaultBatch), maxBatch)
	s.Attempts = cmp.Or(s.Attempts, defaultAttempts)
	return s, nil
}

// Desk is where a member works. K is what its bus calls an entry by. One goroutine at a time may use it, but for Keys.
type Desk[K comparable] struct {
	bus.Subscription
	Handle  bus.Handler
	Metrics *busmetrics.Group
	Logger  *slog.Logger

	// Done takes note of entries that the group has done, for the bus to be told.
	Done func(keys ...K)

	// Bury moves an entry to the dead letters, and takes note that it is done. It returns false if the entry was no
	// longer the member's. After an error it is called again.
	Bury func(ctx context.Context, key K, attempts int, reason string) (moved bool, err error)

	// GiveBack lets other members have what this one cannot do now.
	GiveBack func(ctx context.Context)

	// Yields reports whether something waits for the desk, which then begins no further call of the handler. Nil is never.
	Yields func() bool

	window   window[K]
	attempts map[K]int // of what was in hand before Clear and has not come again
}

// Room returns how many more events there is room for.
func (d *Desk[K]) Room() int { return d.Batch - len(d.window.list) }

// Keys returns what is in hand. It may be called from any goroutine.
func (d *Desk[K]) Keys() []K { return d.window.keys() }

// Add puts an event on the desk, unless it is there.
func (d *Desk[K]) Add(key K, e event.Event) {
	if !d.window.has(key) {
		d.window.add(&held[K]{key: key, event: e, attempts: d.attempts[key]})
		delete(d.attempts, key)
	}
}

// AddMalformed puts an entry on the desk that is no event. Work moves it to the dead letters.
func (d *Desk[K]) AddMalformed(key K, fault error) {
	if !d.window.has(key) {
		d.window.add(&held[K]{key: key, fault: fault})
	}
}

// Clear takes everything from the desk. How often its events have failed is remembered until Forget.
func (d *Desk[K]) Clear() {
	if d.attempts == nil {
		d.attempts = map[K]int{}
	}
	maps.Copy(d.attempts, d.window.clear())
}

// Forget drops what Clear has remembered.
func (d *Desk[K]) Forget() { d.attempts = nil }

// Remove takes from the desk what is no longer the member's.
func (d *Desk[K]) Remove(which func(key K) bool) {
	d.window.forget(func(h *held[K]) bool { return which(h.key) })
}

// Wait returns how long it is until something on the desk is to be done; most where that is longer, or where nothing is.
func (d *Desk[K]) Wait(most time.Duration) time.Duration { return d.window.wait(time.Now(), most) }
