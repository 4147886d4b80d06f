package transfer

import (
	"context"
	"time"
)

// Pace is a pace for tests.
type Pace struct{ p *pace }

// NewPace returns a pace of at most so many requests at a time.
func NewPace(most int) *Pace { return &Pace{newPace(most)} }

// Begin waits for a turn.
func (p *Pace) Begin(ctx context.Context) (time.Time, error) { return p.p.begin(ctx) }

// Done ends a request that was answered, Refused one that was not taken.
func (p *Pace) Done() { p.p.done() }

// Refused ends a request that began then and was not taken.
func (p *Pace) Refused(began time.Time, wait time.Duration) { p.p.refused(began, wait) }

// Limit is how many may run at a time now.
func (p *Pace) Limit() int {
	p.p.mu.Lock()
	defer p.p.mu.Unlock()
	return int(p.p.limit)
}

// RetryAfter reads the header's value.
var RetryAfter = retryAfter
