package upstream

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/glarimy/ums/gateway/config"
)

// Tokens are counted in hundredths, so that a percentage is a whole number of them.
const (
	retryCost = 100
	// maxSavedRetries is what requests can save up for retries: enough for all that an instance has in flight when it
	// dies, and too little to double an upstream's load for long.
	maxSavedRetries = 1000
	// initialSeconds of the minimum are there from the start, when no requests have saved anything.
	initialSeconds = 5
)

// Budget bounds the retries of one upstream: a share of its requests, and a few a second in any case. Without it, every
// gateway would multiply the load of an upstream that is failing under its load. It is safe for concurrent use.
type Budget struct {
	perRequest int64 // hundredths of a retry
	perSecond  int64 // retries
	saved      atomic.Int64

	mu       sync.Mutex
	reserve  int64     // hundredths, of the minimum
	refilled time.Time // when reserve was brought up to date
}

// NewBudget returns a budget that allows a few retries at once.
func NewBudget(c config.Retries) *Budget {
	return &Budget{
		perRequest: int64(c.Budget),
		perSecond:  int64(c.MinPerSecond),
		reserve:    int64(c.MinPerSecond) * initialSeconds * retryCost,
		refilled:   time.Now(),
	}
}

// Request saves one request's share of a retry. Concurrent callers may exceed the most that is saved by a few shares.
func (b *Budget) Request() {
	if b.saved.Load() < maxSavedRetries*retryCost {
		b.saved.Add(b.perRequest)
	}
}

// TryRetry takes one retry out of the budget, and reports whether there was one.
func (b *Budget) TryRetry() bool {
	for {
		saved := b.saved.Load()
		if saved < retryCost {
			return b.tryReserve()
		}
		if b.saved.CompareAndSwap(saved, saved-retryCost) {
			return true
		}
	}
}

// tryReserve takes one retry out of the minimum.
func (b *Budget) tryReserve() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.perSecond > 0 {
		const full = initialSeconds * time.Second
		now := time.Now()
		b.refilled = maxTime(b.refilled, now.Add(-full))
		share := time.Second / time.Duration(b.perSecond*retryCost) // that earns a hundredth
		earned := int64(now.Sub(b.refilled) / share)
		b.reserve = min(b.reserve+earned, b.perSecond*initialSeconds*retryCost)
		b.refilled = b.refilled.Add(time.Duration(earned) * share)
	}
	if b.reserve < retryCost {
		return false
	}
	b.reserve -= retryCost
	return true
}

func maxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
