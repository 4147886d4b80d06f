package lease

import (
	"context"
	"database/sql"
	"errors"
	"sync/atomic"
	"time"
)

// grace is how long a transaction may go on after its lease has run out.
const grace = 10 * time.Second

// InTx runs fn in a transaction that is committed only if nobody else leads before it has ended; it returns [ErrLost] where
// another does already. For the rest it is as [database.DB.InTx]. It is safe while Run leads, and ctx is lead's.
//
// The transaction locks the lease's row, so the lease may run out meanwhile: the context of fn then goes on for ten
// seconds. Otherwise what takes longer than the lease lasts would be begun again and again and never come to its end, the
// more so as a renewal waits for the row, too.
func (l *Lease) InTx(ctx context.Context, fn func(ctx context.Context, tx *sql.Tx) error) error {
	within, end := context.WithCancelCause(context.WithoutCancel(ctx))
	defer end(nil)
	var confirmed atomic.Bool
	stop := context.AfterFunc(ctx, func() {
		cause := context.Cause(ctx)
		if !confirmed.Load() || !errors.Is(cause, ErrLost) {
			end(cause)
			return
		}
		select {
		case <-within.Done():
		case <-time.After(grace):
			end(cause)
		}
	})
	defer stop()
	return l.db.InTx(within, func(tx *sql.Tx) error {
		if err := l.confirm(within, tx); err != nil {
			return err
		}
		confirmed.Store(true)
		return fn(within, tx)
	})
}
