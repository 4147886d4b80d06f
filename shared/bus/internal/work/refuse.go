package work

import (
	"github.com/glarimy/ums/shared/bus"
	"github.com/glarimy/ums/shared/event"
)

// Refuse returns the indices of the events to send, and the results of the others; no results where there are none.
func Refuse(events []event.Event) (results []error, sound []int) {
	sound = make([]int, 0, len(events))
	held := map[string]bool{} // users of a refused event
	for i, e := range events {
		err := e.Validate()
		switch {
		case e.User != "" && held[e.User]:
			err = bus.ErrHeldBack
		case err != nil:
			held[e.User] = true
			err = &bus.RefusedError{Err: err}
		default:
			sound = append(sound, i)
			continue
		}
		if results == nil {
			results = make([]error, len(events))
		}
		results[i] = err
	}
	return results, sound
}
