package relay

import (
	"context"
	"time"
)

// backlog spares a term the rows of parked users. There may be a hundred thousand of them, to be gone through each time
// before the first row that can be taken; and as they stay at the front of the queue, only what is behind them is looked
// at as long as a look at all takes long. It is no offset: what commits late, with a number that is passed already, is
// found by the next look at all, which comes again after at most a multiple of the time that it takes.
//
// Where rows up to the number may be taken again, because the bus failed or a user is not parked any more, it is set
// back to its zero value; otherwise that user's later rows would overtake them.
type backlog struct {
	behind uint64    // up to here there were only rows of parked users when it was looked at all
	rested time.Time // when all is looked at again
}

// lookShare is how many times as long as it took a look at all is rested from: a tenth of the time is spent on it at most.
const lookShare = 9

// take returns the next rows to publish.
func (t *term) take(ctx context.Context) ([]row, error) {
	began := time.Now()
	if began.Before(t.backlog.rested) {
		return t.outbox.oldest(ctx, t.backlog.behind, batchSize)
	}
	rows, err := t.outbox.oldest(ctx, 0, batchSize)
	if took := time.Since(began); took > activePause/lookShare {
		t.backlog.rested = time.Now().Add(lookShare * took)
	}
	return rows, err
}
