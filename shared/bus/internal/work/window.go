package work

import (
	"slices"
	"sync"
	"time"

	"github.com/glarimy/ums/shared/event"
)

// held is an event that a member has received and not done.
type held[K comparable] struct {
	key       K
	event     event.Event // zero where the entry is malformed
	attempts  int         // how often it failed
	notBefore time.Time   // when it is tried again
	fault     error       // why it goes to the dead letters; nil is not at all
	done      bool
}

// window is what a member has in hand, in the order of arrival. Only its member changes it; keys may be called by
// others.
type window[K comparable] struct {
	mu   sync.Mutex
	list []*held[K]
}

func (w *window[K]) keys() []K {
	w.mu.Lock()
	defer w.mu.Unlock()
	keys := make([]K, len(w.list))
	for i, h := range w.list {
		keys[i] = h.key
	}
	return keys
}

func (w *window[K]) has(key K) bool {
	return slices.ContainsFunc(w.list, func(h *held[K]) bool { return h.key == key })
}

func (w *window[K]) add(h *held[K]) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.list = append(w.list, h)
}

// drop removes what is done.
func (w *window[K]) drop() { w.forget(func(h *held[K]) bool { return h.done }) }

func (w *window[K]) forget(which func(*held[K]) bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.list = slices.DeleteFunc(w.list, which)
}

// clear empties the window and returns how often its events have failed, by key.
func (w *window[K]) clear() map[K]int {
	w.mu.Lock()
	defer w.mu.Unlock()
	attempts := map[K]int{}
	for _, h := range w.list {
		if h.attempts > 0 {
			attempts[h.key] = h.attempts
		}
	}
	w.list = nil
	return attempts
}

// fresh returns the events that have not failed and stand behind no event of the same user that has.
func (w *window[K]) fresh() []*held[K] {
	var fresh []*held[K]
	behind := map[string]bool{}
	for _, h := range w.list {
		switch {
		case h.fault != nil || h.attempts > 0:
			behind[h.event.User] = true
		case h.event.User == "" || !behind[h.event.User]:
			fresh = append(fresh, h)
		}
	}
	return fresh
}

// wait returns how long it is until something of the window is to be tried; most where that is longer, or where nothing
// is.
func (w *window[K]) wait(now time.Time, most time.Duration) time.Duration {
	behind := map[string]bool{}
	for _, h := range w.list {
		if h.event.User != "" && behind[h.event.User] {
			continue
		}
		behind[h.event.User] = true
		most = min(most, max(h.notBefore.Sub(now), 0))
	}
	return most
}
