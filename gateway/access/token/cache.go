package token

import (
	"crypto/sha256"
	"sync"
	"time"
)

type digest = [sha256.Size]byte

// cache holds tokens that passed, by their digests: it is not a store of tokens that could be used. It is safe for
// concurrent use.
type cache struct {
	limit int

	mu         sync.RWMutex
	passed     map[digest]*Token
	generation uint64 // counts the times that all was forgotten
}

func newCache(limit int) *cache { return &cache{limit: limit, passed: map[digest]*Token{}} }

// get returns a token that is still good at a time, and the generation in which it was looked for.
func (c *cache) get(d digest, now time.Time) (*Token, uint64) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	t := c.passed[d]
	if t == nil || !now.Before(t.until) {
		return nil, c.generation
	}
	return t, c.generation
}

// put keeps a token, unless all was forgotten since the generation in which it was not found: its key may be gone. Where
// there is no room, the first of eight random ones to expire makes it.
func (c *cache) put(d digest, t *Token, generation uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if generation != c.generation {
		return
	}
	if _, known := c.passed[d]; !known && len(c.passed) >= c.limit {
		var victim digest
		var until time.Time
		looked := 0
		for candidate, t := range c.passed { // begins anywhere
			if looked == 0 || t.until.Before(until) {
				victim, until = candidate, t.until
			}
			if looked++; looked == 8 {
				break
			}
		}
		delete(c.passed, victim)
	}
	c.passed[d] = t
}

// forget forgets everything.
func (c *cache) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.passed)
	c.generation++
}
