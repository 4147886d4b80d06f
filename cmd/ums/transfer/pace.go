package transfer

import (
	"context"
	"sync"
	"time"
)

// pace is how many requests run at a time: additive increase, multiplicative decrease, as TCP does it. An answer adds a
// bit, so that a full round of them adds one; a refusal (429, 503, no connection) halves it, but requests of the same
// round only once, and holds all requests back for the time that the server asks for. It is safe for concurrent use.
type pace struct {
	most float64

	mu      sync.Mutex
	limit   float64
	running int
	resume  time.Time // no request begins before
	halved  time.Time // refusals of requests that began before do not count again
	changed chan struct{}
}

func newPace(most int) *pace {
	return &pace{most: float64(most), limit: float64(most), changed: make(chan struct{})}
}

// begin waits for a turn. It returns when the request began, for done and refused, or ctx's error.
func (p *pace) begin(ctx context.Context) (began time.Time, err error) {
	for {
		p.mu.Lock()
		now := time.Now()
		wait := p.resume.Sub(now)
		if wait <= 0 && p.running < int(p.limit) {
			p.running++
			p.mu.Unlock()
			return now, ctx.Err()
		}
		changed := p.changed
		p.mu.Unlock()
		if err := p.wait(ctx, changed, wait); err != nil {
			return now, err
		}
	}
}

// wait returns when something changed, or when the time has passed, if it is positive.
func (p *pace) wait(ctx context.Context, changed <-chan struct{}, atMost time.Duration) error {
	var passed <-chan time.Time
	if atMost > 0 {
		timer := time.NewTimer(atMost)
		defer timer.Stop()
		passed = timer.C
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-changed:
	case <-passed:
	}
	return nil
}

// done ends a request that was answered.
func (p *pace) done() {
	p.end(func() { p.limit = min(p.limit+1/p.limit, p.most) })
}

// refused ends a request that the server would not or could not take; all wait for the time given.
func (p *pace) refused(began time.Time, wait time.Duration) {
	p.end(func() {
		now := time.Now()
		if resume := now.Add(wait); resume.After(p.resume) {
			p.resume = resume
		}
		if !began.Before(p.halved) {
			p.limit, p.halved = max(p.limit/2, 1), now
		}
	})
}

// failed ends a request of which nothing is to be learnt.
func (p *pace) failed() { p.end(func() {}) }

func (p *pace) end(change func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.running--
	change()
	close(p.changed)
	p.changed = make(chan struct{})
}
