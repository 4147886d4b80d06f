package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
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

	// commitGrace is how long a COMMIT that is on its way is still waited for when its caller's time is over. Nearly all
	// are answered within it, and a known outcome spares the caller much.
	commitGrace = 200 * time.Millisecond
)

// InTx runs fn in a transaction that writes, and commits it where fn returns nil. A transaction that lost to others
// (see [IsContention]) is run again, at most three times; fn must therefore have no effect but on tx, or one that may
// be repeated. Every error other than [ErrOutcomeUnknown] means that nothing was changed. Where fn heeds ctx, InTx returns
// soon after ctx has ended.
func (db *DB) InTx(ctx context.Context, fn func(tx *sql.Tx) error) error {
	outcome := errNotBegun
	// The executor's own error is of no use: where ctx has ended it tells only that, even of a transaction whose COMMIT
	// was answered, or was not.
	_ = db.retry.WithContext(ctx).Run(func() error {
		outcome = db.once(ctx, fn)
		return outcome
	})
	if errors.Is(outcome, errNotBegun) {
		return fmt.Errorf("%w: %w", outcome, context.Cause(ctx))
	}
	return outcome
}

var errNotBegun = errors.New("the transaction was not begun")

// commit returns soon after ctx has ended: a server that hangs would hold the caller for as long as the connection does.
func commit(ctx context.Context, tx *sql.Tx) error {
	answer := make(chan error, 1)
	go func() { answer <- tx.Commit() }()
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
	}
	select {
	case err := <-answer:
		return err
	case <-time.After(commitGrace):
		return errNoAnswer
	}
}

var errNoAnswer = errors.New("no answer to COMMIT in time")

func retryContention() failsafe.Executor[any] {
	return failsafe.With(retrypolicy.NewBuilder[any]().
		HandleIf(func(_ any, err error) bool {
			// A connection that turns out to be closed has carried out nothing; a pool has others.
			return (IsContention(err) || errors.Is(err, driver.ErrBadConn)) && !errors.Is(err, ErrOutcomeUnknown)
		}).
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
	// However this ends, a panic of fn included, the connection goes back without locks. The error of a rollback adds
	// nothing: without COMMIT the database rolls back by itself.
	defer func() { _ = tx.Rollback() }()
	if err := fn(tx); err != nil {
		return err
	}
	switch err := commit(ctx, tx); {
	case err == nil:
		return nil
	case errors.Is(err, sql.ErrTxDone) && ctx.Err() != nil: // it was rolled back for that
		return fmt.Errorf("commit: %w", ctx.Err())
	case errors.Is(err, driver.ErrBadConn), // not sent, or refused by a server that is read-only now
		IsContention(err), errors.Is(err, sql.ErrTxDone), ctx.Err() != nil && errors.Is(err, ctx.Err()):
		return fmt.Errorf("commit: %w", err)
	default:
		return fmt.Errorf("commit: %w: %w", ErrOutcomeUnknown, err)
	}
}
