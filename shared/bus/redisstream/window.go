package redisstream

import (
	"slices"
	"sync"
	"time"

	"github.com/glarimy/ums/shared/event"
)

// held is an event that a member has received and not done.
type held struct {
	id        string
	event     event.Event
	attempts  int       // how often it failed
	notBefore time.Time // when it is tried again
	done      bool
}

// window is what a member has in hand, in the order of arrival. Only its member changes it; ids may be called by others.
type window struct {
	mu   sync.Mutex
	list []*held
}

func (w *window) ids() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	ids := make([]string, len(w.list))
	for i, h := range w.list {
		ids[i] = h.id
	}
	return ids
}

func (w *window) has(id string) bool {
	return slices.ContainsFunc(w.list, func(h *held) bool { return h.id == id })
}

func (w *window) add(h *held) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.list = append(w.list, h)
}

// drop removes what is done.
func (w *window) drop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.list = slices.DeleteFunc(w.list, func(h *held) bool { return h.done })
}

// clear empties the window and returns how often its events have failed, by id.
func (w *window) clear() map[string]int {
	w.mu.Lock()
	defer w.mu.Unlock()
	attempts := map[string]int{}
	for _, h := range w.list {
		if h.attempts > 0 {
			attempts[h.id] = h.attempts
		}
	}
	w.list = nil
	return attempts
}

// fresh returns the events that have not failed and stand behind no event of the same user that has.
func (w *window) fresh() []*held {
	var fresh []*held
	behind := map[string]bool{}
	for _, h := range w.list {
		switch {
		case h.attempts > 0:
			behind[h.event.User] = true
		case h.event.User == "" || !behind[h.event.User]:
			fresh = append(fresh, h)
		}
	}
	return fresh
}

// wait returns how long it is until something of the window is to be tried; most where that is longer, or where nothing
// is.
func (w *window) wait(now time.Time, most time.Duration) time.Duration {
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
