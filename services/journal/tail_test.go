package journal_test

import (
	"testing"

	"github.com/glarimy/ums/services/journal"
)

// TestAStreamTakesLittleAtATime keeps what a slow client holds in memory small, however much the tail has.
func TestAStreamTakesLittleAtATime(t *testing.T) {
	t.Parallel()
	for _, events := range []int{0, 1, 63, 64, 65, 128, 1000} {
		end := journal.FilledTail(events, 10)
		position, taken := uint64(1), 0
		for more := true; more; {
			var frames int
			before := position
			frames, position, more = journal.Behind(end, position)
			if taken += frames; frames > 64 || more && (frames == 0 || position != before+64) {
				t.Fatalf("of %d events a stream takes %d behind %d and comes to %d", events, frames, before, position)
			}
		}
		if taken != events || position != uint64(events)+1 {
			t.Errorf("of %d events a stream takes %d and comes to position %d", events, taken, position)
		}
	}
}
