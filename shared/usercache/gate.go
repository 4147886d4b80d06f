package usercache

import (
	"errors"
	"time"
)

// ErrOverloaded says that as many reads of the database were running as may, and that none of them ended in time.
// The caller may try again after a moment.
var ErrOverloaded = errors.New("too many reads of the database at a time")

// gate limits how many reads of the database run at a time. It is safe for concurrent use.
type gate struct {
	places chan struct{}
	wait   time.Duration
}

func newGate(places int, wait time.Duration) *gate {
	return &gate{places: make(chan struct{}, places), wait: wait}
}

// enter takes a place, which leave gives back, or returns ErrOverloaded.
func (g *gate) enter() error {
	select {
	case g.places <- struct{}{}:
		return nil
	default:
	}
	timer := time.NewTimer(g.wait)
	defer timer.Stop()
	select {
	case g.places <- struct{}{}:
		return nil
	case <-timer.C:
		return ErrOverloaded
	}
}

func (g *gate) leave() { <-g.places }
