package contract

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// nobody is the state of a name that no user has. Every other state is told by its phone number, which no other has.
const nobody uint64 = 0

// floor chooses below which state no read may fall.
type floor int

const (
	acknowledged floor = iota // what was acknowledged before the read began (and the lag before that)
	shown                     // what a read that had ended before this one began has shown
)

// history is what one writer has done to one name, and what readers have seen of it. Writes do not overlap, so the
// states are in one order. It is safe for concurrent use.
type history struct {
	lag  time.Duration
	rule floor

	mu     sync.Mutex
	states []uint64    // as the writer made them; the last one may not be acknowledged yet
	acked  []time.Time // when each was acknowledged
	seen   int         // no read that begins now may show a state before this one
}

// newHistory begins with a user who was added just now. Before that, as far as the lag goes, there was nobody.
func newHistory(first uint64, lag time.Duration, rule floor) *history {
	return &history{
		lag: lag, rule: rule, states: []uint64{nobody, first}, acked: []time.Time{{}, time.Now()}, seen: 1,
	}
}

// begin notes that a write is about to be made.
func (h *history) begin(state uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.states = append(h.states, state)
}

// acknowledge notes that the write that was begun last is acknowledged.
func (h *history) acknowledge() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.acked = append(h.acked, time.Now())
}

// lowest returns the first state that a read that begins now may show.
func (h *history) lowest() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.rule == shown {
		return h.seen
	}
	for i := len(h.acked) - 1; i > 0; i-- {
		if time.Since(h.acked[i]) >= h.lag {
			return i
		}
	}
	return 0
}

// show notes that a read which could not show less than the state low has shown the state got. It returns an error in
// words that follow "the contract wants" if that may not be.
func (h *history) show(low int, got uint64) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := low; i < len(h.states); i++ {
		if h.states[i] == got {
			h.seen = max(h.seen, i)
			return ""
		}
	}
	return fmt.Sprintf("%s, or a later change (this is what was there before)", stateWords(h.states[low]))
}

func stateWords(state uint64) string {
	if state == nobody {
		return "404, because the user was removed"
	}
	return fmt.Sprintf("the phone number %d", state)
}

// read reads the name once and judges what it shows.
func (h *history) read(ctx context.Context, c *Client, name string) error {
	low := h.lowest()
	_, err := c.send(ctx, get(name), func(r *response) string {
		switch r.status {
		case http.StatusNotFound:
			return h.show(low, nobody)
		case http.StatusOK:
			got, complaint := parseRecord(r.body)
			if complaint != "" {
				return complaint
			}
			return h.show(low, got.Phone)
		default:
			return "200 or 404"
		}
	})
	return err
}
