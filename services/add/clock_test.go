package add_test

import (
	"sync"
	"time"
)

// clock is a service's clock, which a test sets forward.
type clock struct {
	started chan struct{} // closed at the first look, which is the clean-up's at the start

	mu     sync.Mutex
	ahead  time.Duration
	looked bool
}

func newClock() *clock { return &clock{started: make(chan struct{})} }

// Now is what a service is given.
func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.looked {
		c.looked = true
		close(c.started)
	}
	return time.Now().Add(c.ahead)
}

// advance sets the clock forward.
func (c *clock) advance(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += by
}
