package main

import (
	"io"
	"sync"
)

// tracedPerClause bounds what -v shows of a clause that makes hundreds of requests.
const tracedPerClause = 60

// trace prints exchanges, if it is on. It is safe for concurrent use.
type trace struct {
	w  io.Writer
	on bool

	mu    sync.Mutex
	lines int
}

func newTrace(w io.Writer, on bool) *trace { return &trace{w: w, on: on} }

func (t *trace) line(s string) {
	if !t.on {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	switch t.lines++; {
	case t.lines <= tracedPerClause:
		say(t.w, "       %s\n", s)
	case t.lines == tracedPerClause+1:
		say(t.w, "       … more exchanges than are shown\n")
	}
}

// reset begins a clause.
func (t *trace) reset() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lines = 0
}
