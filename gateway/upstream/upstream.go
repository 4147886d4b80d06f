package upstream

import (
	"net/http"
	"time"

	"github.com/glarimy/ums/gateway/config"
)

// Upstream is everything that is known of one slot's filling. It is safe for concurrent use.
type Upstream struct {
	slot     string
	settings config.Resilience
	counts   *counts

	set     *Set
	budget  *Budget
	breaker *Breaker
	limiter *Limiter
	shed    *RefusedError // by the limiter: the same for every request, as there may be many
}

// RefusedError is why a request is not sent to an upstream that may well be there: 503 with Retry-After.
type RefusedError struct {
	Reason     string // limit or breaker, as metrics name it
	RetryAfter time.Duration
	message    string
}

// Error says what happened to whom.
func (r *RefusedError) Error() string { return r.message }

const (
	refusedByLimit   = "limit"
	refusedByBreaker = "breaker"
	// retryAfterShed is what a client is told whose request was one too many.
	retryAfterShed = time.Second
)

// newUpstream returns an upstream without instances.
func newUpstream(c config.Upstream, o Options, counts *counts) *Upstream {
	u := &Upstream{slot: c.Slot, settings: c.Resilience, counts: counts}
	u.set = newSet(c.Slot, u.settings, o, counts)
	u.budget = NewBudget(u.settings.Retries)
	u.breaker = NewBreaker(u.settings.Breaker, func(state string) {
		o.Logger.Warn("a circuit breaker has changed its state", "slot", c.Slot, "state", state)
	})
	u.limiter = NewLimiter(u.settings.Limit)
	u.shed = &RefusedError{
		Reason: refusedByLimit, RetryAfter: retryAfterShed,
		message: c.Slot + " has more requests to answer than it can",
	}
	return u
}

// Slot returns the slot's name.
func (u *Upstream) Slot() string { return u.slot }

// Set returns the instances.
func (u *Upstream) Set() *Set { return u.set }

// maxTries is how many instances a call remembers: as many attempts as can be configured, and the first.
const maxTries = 11

// Call is one client's request to an upstream, with all of its attempts. The zero Call is ready for Begin; it may be kept
// and begun again once it has ended. It is not safe for concurrent use, and holds no memory of its own.
type Call struct {
	upstream *Upstream
	permit   Permit
	pass     Pass
	tried    [maxTries]*Instance
	tries    int
	picked   *Instance // in flight
	waiting  bool      // neither Answered nor ended
	answer   Outcome   // by the answer's head
}

// Begin lets a request in, or returns the *RefusedError that its client is told. A request that was let in ends with End,
// unless Failed has said that there is no further attempt.
func (u *Upstream) Begin(c *Call) error {
	*c = Call{upstream: u}
	var ok bool
	if c.permit, ok = u.limiter.Acquire(); !ok {
		u.counts.refused(refusedByLimit)
		return u.shed
	}
	if c.pass, ok = u.breaker.Allow(); !ok {
		c.permit.Release(Canceled)
		u.counts.refused(refusedByBreaker)
		return &RefusedError{
			Reason: refusedByBreaker, RetryAfter: max(u.breaker.RetryAfter(), retryAfterShed),
			message: u.slot + " has not answered for a while, and is given time to recover",
		}
	}
	u.budget.Request()
	c.waiting = true
	return nil
}

// Pick returns the instance for the next attempt. The error is ErrNoInstance; it ends the call.
func (c *Call) Pick() (*Instance, error) {
	i, err := c.upstream.set.Pick(c.tried[:c.tries]...)
	if err != nil {
		c.settle(ConnectFailed)
		return nil, err
	}
	c.picked = i
	c.tried[c.tries] = i
	c.tries++
	return i, nil
}

// Failed ends an attempt that got no answer, and reports whether there is to be another one. If not, the call is over,
// and its client is told of this failure.
func (c *Call) Failed(a Attempt) bool {
	c.doneWith(a.Outcome)
	u := c.upstream
	if c.waiting && c.tries <= u.settings.Retries.Attempts && Retryable(a) && u.set.has(c.tried[:c.tries]) {
		if u.budget.TryRetry() {
			return true
		}
		u.counts.budgetExhausted()
	}
	c.settle(a.Outcome)
	return false
}

// Answered tells that the head of an answer is there. The call goes on until End.
func (c *Call) Answered(status int) {
	if status >= http.StatusOK { // an interim answer is none yet
		c.answer = OutcomeOf(status)
		c.settle(c.answer)
	}
}

// End ends the call with the outcome of its last attempt; Answered stands for what the status of the answer came to. It
// does nothing to a call that is over.
func (c *Call) End(o Outcome) {
	if o == Answered {
		o = c.answer
	}
	c.doneWith(o)
	c.settle(o)
}

// doneWith ends the attempt that is in flight.
func (c *Call) doneWith(o Outcome) {
	if c.picked != nil {
		c.picked.Done(o)
		c.picked = nil
	}
}

// settle tells the limiter and the breaker how the wait for an answer ended, once.
func (c *Call) settle(o Outcome) {
	if !c.waiting {
		return
	}
	c.waiting = false
	c.permit.Release(o)
	c.upstream.breaker.Record(c.pass, o)
	if c.tries > 1 {
		c.upstream.counts.retried(o)
	}
}
