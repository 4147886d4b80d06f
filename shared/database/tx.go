package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/retrypolicy"
)

// ErrOutcomeUnknown says that COMMIT was sent and not answered: the transaction may have happened or not.
var ErrOutcomeUnknown = errors.New("the outcome of the transaction is unknown")

const (
	contentionRetries = 3
	firstBackoff      = 5 * time.Millisecond
	longestBackoff    = 100 * time.Millisecond
)

// InTx runs fn in a transaction that writes, and commits it where fn returns nil. A transaction that lost to others
// (see [IsContention]) is run again, at most three times; fn must therefore have no effect but on tx, or one that may
// be repeated. Every error other than [ErrOutcomeUnknown] means that nothing was changed.
func (db *DB) InTx(ctx context.Context, fn func(tx *sql.Tx) error) error {
	return db.retry.WithContext(ctx).Run(func() error { return db.once(ctx, fn) })
}

func retryContention() failsafe.Executor[any] {
	return failsafe.With(retrypolicy.NewBuilder[any]().
		HandleIf(func(_ any, err error) bool { return IsContention(err) && !errors.Is(err, ErrOutcomeUnknown) }).
		WithMaxRetries(contentionRetries).
		WithBackoff(firstBackoff, longestBackoff).
		WithJitterFactor(0.5).
		ReturnLastFailure().
		Build())
}

func (db *DB) once(ctx context.Context, fn func(tx *sql.Tx) error) error {
	tx, err := db.writer.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	if err := fn(tx); err != nil {
		// The error of a rollback adds nothing: without COMMIT the database rolls back by itself.
		_ = tx.Rollback()
		return err
	}
	switch err := tx.Commit(); {
	case err == nil:
		return nil
	case IsContention(err), errors.Is(err, sql.ErrTxDone), ctx.Err() != nil && errors.Is(err, ctx.Err()):
		_ = tx.Rollback()
		return fmt.Errorf("commit: %w", err)
	default:
		return fmt.Errorf("commit: %w: %w", ErrOutcomeUnknown, err)
	}
}
