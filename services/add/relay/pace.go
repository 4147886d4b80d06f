package relay

import "time"

// The pauses between two rounds. A round with a full batch is followed by the next at once.
const (
	activePause  = 20 * time.Millisecond  // after some rows: more of them then share a batch, and its commit
	idlePause    = 250 * time.Millisecond // the longest, after none
	firstBackoff = 100 * time.Millisecond // after a failure
	lastBackoff  = 5 * time.Second
)

// pace says how long to wait before the next round.
type pace struct {
	failures int // in a row
	idle     time.Duration
}

// next returns the pause after a round that took so many rows, or failed.
func (p *pace) next(taken int, err error) time.Duration {
	switch {
	case err != nil:
		p.failures++
		return doubled(firstBackoff, lastBackoff, p.failures-1)
	case taken == batchSize:
		p.failures, p.idle = 0, 0
		return 0
	case taken > 0:
		p.failures, p.idle = 0, activePause
	default:
		p.failures, p.idle = 0, min(max(2*p.idle, activePause), idlePause)
	}
	return p.idle
}

// doubled returns first after n doublings, and last where that is less.
func doubled(first, last time.Duration, n int) time.Duration {
	for range n {
		if first >= last/2 {
			return last
		}
		first *= 2
	}
	return first
}
