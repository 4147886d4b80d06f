package reload

import (
	"sync"
	"sync/atomic"
)

// Current holds the value that is in force, and lets those who still use an earlier one finish with it. It is safe for
// concurrent use. Taking a value allocates nothing and waits for nobody.
type Current[T any] struct {
	end func(T)
	now atomic.Pointer[Generation[T]]

	mu   sync.Mutex
	live map[*Generation[T]]struct{}
}

// Generation is a value for as long as somebody uses it.
type Generation[T any] struct {
	Value T
	users atomic.Int64 // and one more as long as it is in force; at 0 it has ended for good
	of    *Current[T]
}

// NewCurrent returns a Current with its first value. end is called once for every value, when it is no longer in force
// and nobody uses it any more.
func NewCurrent[T any](value T, end func(T)) *Current[T] {
	c := &Current[T]{end: end, live: map[*Generation[T]]struct{}{}}
	c.Replace(value)
	return c
}

// Acquire returns the value that is in force. The caller releases it, once.
func (c *Current[T]) Acquire() *Generation[T] {
	for {
		g := c.now.Load()
		for users := g.users.Load(); users > 0; users = g.users.Load() {
			if g.users.CompareAndSwap(users, users+1) {
				return g
			}
		}
		// It has ended since it was loaded, so there is another.
	}
}

// Release ends a use of the value.
func (g *Generation[T]) Release() {
	if g.users.Add(-1) > 0 {
		return
	}
	g.of.mu.Lock()
	delete(g.of.live, g)
	g.of.mu.Unlock()
	g.of.end(g.Value)
}

// Replace puts a value in force. The one before it ends when its last user releases it.
func (c *Current[T]) Replace(value T) {
	next := &Generation[T]{Value: value, of: c}
	next.users.Store(1)
	c.mu.Lock()
	c.live[next] = struct{}{}
	c.mu.Unlock()
	if before := c.now.Swap(next); before != nil {
		before.Release()
	}
}

// Each calls a function with every value that is in force or still used.
func (c *Current[T]) Each(call func(T)) {
	c.mu.Lock()
	live := make([]*Generation[T], 0, len(c.live))
	for g := range c.live {
		live = append(live, g)
	}
	c.mu.Unlock()
	for _, g := range live {
		call(g.Value)
	}
}
