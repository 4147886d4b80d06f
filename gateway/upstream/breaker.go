package upstream

import (
	"sync/atomic"
	"time"

	"github.com/failsafe-go/failsafe-go/circuitbreaker"

	"github.com/glarimy/ums/gateway/config"
)

// breakerTrials is how many requests a half-open breaker lets through at a time; two of them that are answered close it.
const (
	breakerTrials    = 3
	breakerSuccesses = 2
)

// Breaker stops asking an upstream that gives no answers, so that its requests fail at once instead of each waiting for
// its timeout. An answer is no failure, whatever its status: a service that answers 503 protects itself, and tells more
// than the gateway could. It is safe for concurrent use; a nil Breaker never opens.
type Breaker struct {
	circuit circuitbreaker.CircuitBreaker[any]
	// era counts changes of state. A result counts in the state in which its request was let in: what was sent before
	// the breaker opened says nothing of an upstream that is on trial.
	era   atomic.Uint32
	state atomic.Int32 // circuitbreaker.State, to be read without the circuit's lock
}

// Pass lets one request through a breaker.
type Pass struct{ era uint32 }

// NewBreaker returns a closed breaker, or nil if the configuration wants none. changed, if there is one, is told the
// name of each new state.
func NewBreaker(c config.Breaker, changed func(state string)) *Breaker {
	if c.Failures == 0 {
		return nil
	}
	b := &Breaker{}
	b.circuit = circuitbreaker.NewBuilder[any]().
		WithFailureRateThreshold(float64(c.Failures)/100, uint(c.Requests), c.Window).
		WithSuccessThresholdRatio(breakerSuccesses, breakerTrials).
		WithDelay(c.Open).
		WithJitterFactor(0.1).
		OnStateChanged(func(e circuitbreaker.StateChangedEvent) {
			b.era.Add(1)
			b.state.Store(int32(e.NewState)) //nolint:gosec // 0 to 2
			if changed != nil {
				changed(e.NewState.String())
			}
		}).
		Build()
	return b
}

// Allow lets a request through, or reports that the breaker is open. Whoever is let through calls Record.
func (b *Breaker) Allow() (Pass, bool) {
	if b == nil {
		return Pass{}, true
	}
	if circuitbreaker.State(b.state.Load()) == circuitbreaker.ClosedState {
		return Pass{era: b.era.Load()}, true
	}
	ok := b.circuit.TryAcquirePermit()
	return Pass{era: b.era.Load()}, ok
}

// Record tells the breaker how a request that it let through has ended, with the last of its attempts.
func (b *Breaker) Record(p Pass, o Outcome) {
	if b == nil || p.era != b.era.Load() {
		return
	}
	switch {
	case o.isAnswer():
		b.circuit.RecordSuccess()
	case o != Canceled:
		b.circuit.RecordFailure()
	case b.State() == circuitbreaker.HalfOpenState.String():
		// A trial must be given back, and it has shown nothing good.
		b.circuit.RecordFailure()
	}
}

// State returns closed, open or half-open.
func (b *Breaker) State() string {
	if b == nil {
		return circuitbreaker.ClosedState.String()
	}
	return circuitbreaker.State(b.state.Load()).String()
}

// RetryAfter returns the time until an open breaker lets a request try; 0 if it is not open.
func (b *Breaker) RetryAfter() time.Duration {
	if b == nil {
		return 0
	}
	return b.circuit.RemainingDelay()
}

// breakerStates are all states, as metrics name them.
func breakerStates() []string {
	return []string{
		circuitbreaker.ClosedState.String(), circuitbreaker.HalfOpenState.String(), circuitbreaker.OpenState.String(),
	}
}
