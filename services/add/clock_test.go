package add_test

import (
	"sync"
	"testing"
	"time"
)

// clock is a service's clock, which a test sets forward, and by which it holds the service up.
type clock struct {
	started chan struct{} // closed at the first look, which is the clean-up's at the start

	mu    sync.Mutex
	ahead time.Duration
	looks int
	holds map[int]*hold
}

// hold is where a look at the clock waits.
type hold struct {
	reached chan struct{} // closed when the look has come
	over    chan struct{} // closed when it may go on
}

func newClock() *clock { return &clock{started: make(chan struct{}), holds: map[int]*hold{}} }

// Now is what a service is given.
func (c *clock) Now() time.Time {
	c.mu.Lock()
	now := time.Now().Add(c.ahead)
	c.looks++
	h := c.holds[c.looks]
	if c.looks == 1 {
		close(c.started)
	}
	c.mu.Unlock()
	if h != nil {
		close(h.reached)
		<-h.over
	}
	return now
}

// advance sets the clock forward.
func (c *clock) advance(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += by
}

// holdNext has the nth look from now wait until release is called. It may be called when nobody else looks.
func (c *clock) holdNext(t *testing.T, n int) (reached <-chan struct{}, release func()) {
	t.Helper()
	<-c.started
	c.mu.Lock()
	defer c.mu.Unlock()
	h := &hold{reached: make(chan struct{}), over: make(chan struct{})}
	c.holds[c.looks+n] = h
	release = sync.OnceFunc(func() { close(h.over) })
	t.Cleanup(release)
	return h.reached, release
}

// A POST with an idempotency key looks at the clock when it claims the key, and then when it makes the user.
const (
	claimTime  = 30 * time.Second
	answerTime = 24 * time.Hour

	lookOfUser = 2
)
