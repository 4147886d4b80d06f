package add

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/event"
	"github.com/glarimy/ums/shared/user"
	"github.com/glarimy/ums/shared/usercache"
	"github.com/glarimy/ums/shared/userdb"
)

// writer makes the changes. Each is one transaction that holds the user's row, its event and, where the request has an
// idempotency key, the stored answer; and a fence stands in the cache from before the commit until after it.
type writer struct {
	db      *database.DB
	fencer  *usercache.Fencer
	now     func() time.Time
	timeout time.Duration // of a transaction; under a third of the fence's time
	logger  *slog.Logger
	adding  *batcher // of the users that MySQL adds together
}

// slowPart is the part of its time after which a transaction is slow: of the 4.5 s that it has by default, 100 ms.
const slowPart = 45

func newWriter(
	db *database.DB, fencer *usercache.Fencer, now func() time.Time, timeout time.Duration, logger *slog.Logger,
) *writer {
	w := &writer{db: db, fencer: fencer, now: now, timeout: timeout, logger: logger}
	w.adding = &batcher{alone: w.addAlone, together: w.addTogether, slow: timeout / slowPart}
	return w
}

// change is what one transaction does to one user. It returns the event of the change, or nil where nothing changed.
type change func(ctx context.Context, users user.UserRepository) (*outboxRow, error)

// add stores a new user. The answer's storage, complete, may be nil.
func (w *writer) add(ctx context.Context, d user.Draft, o origin, complete completion) (user.User, error) {
	u := user.New(d.Name, d.Phone, w.now())
	e := outboxRow{kind: event.TypeAdded, user: u, at: u.Since, origin: o}
	if complete == nil && w.db.Dialect == database.MySQL {
		together := e
		together.addsUser = true
		err := w.adding.add(ctx, together)
		if !errors.Is(err, user.ErrExists) {
			return u, err
		}
		// One of the two rows is there already. It is the user, unless something is wrong with the outbox; statements
		// of their own tell.
	}
	return u, w.apply(ctx, complete, func(ctx context.Context, users user.UserRepository) (*outboxRow, error) {
		return &e, users.Add(ctx, u)
	})
}

// addAlone adds a user, by a statement that goes to MySQL in one packet with that of its event.
func (w *writer) addAlone(ctx context.Context, e outboxRow) error {
	return w.apply(ctx, nil, func(context.Context, user.UserRepository) (*outboxRow, error) { return &e, nil })
}

// addTogether adds the users of a batch in one transaction, in the order of apply. The error is errAlone where it may
// be one user's fault; nothing is changed then.
func (w *writer) addTogether(ctx context.Context, rows []outboxRow) error {
	ctx, cancel := context.WithTimeout(ctx, w.timeout)
	defer cancel()
	names := make([]user.Name, len(rows))
	for i, r := range rows {
		names[i] = r.user.Name
	}
	var fences []*usercache.Fence
	end := func(outcome error) {
		w.endAll(ctx, fences, outcome)
		fences = nil
	}
	err := w.db.InTx(ctx, func(tx *sql.Tx) error {
		end(nil) // those of an attempt that lost to others
		if err := addTogether(ctx, tx, w.db.Dialect, rows); err != nil {
			return blame(err)
		}
		fences = w.fencer.FenceAll(ctx, names)
		return nil
	})
	end(err)
	return blame(err)
}

// blame returns errAlone for an error that may be one user's fault. What lost to others is among it: a batch is not
// tried again as a whole, as the others would wait for the one that holds it up.
func blame(err error) error {
	if err == nil || errors.Is(err, database.ErrOutcomeUnknown) || database.IsUnavailable(err) {
		return err
	}
	return fmt.Errorf("%w: %v", errAlone, err) //nolint:errorlint // opaque, so that nobody takes it for the batch's
}

// changePhone gives a user another number. Where it is the number the user has, nothing happens.
func (w *writer) changePhone(
	ctx context.Context, name user.Name, phone user.PhoneNumber, pre user.Precondition, o origin,
) (u user.User, err error) {
	err = w.apply(ctx, nil, func(ctx context.Context, users user.UserRepository) (*outboxRow, error) {
		var changed bool
		if u, changed, err = users.ChangePhone(ctx, name, phone, pre); err != nil || !changed {
			return nil, err
		}
		return &outboxRow{kind: event.TypeChanged, user: u, at: w.now(), origin: o}, nil
	})
	return u, err
}

// remove deletes a user.
func (w *writer) remove(ctx context.Context, name user.Name, pre user.Precondition, o origin) error {
	return w.apply(ctx, nil, func(ctx context.Context, users user.UserRepository) (*outboxRow, error) {
		u, err := users.Remove(ctx, name, pre)
		if err != nil {
			return nil, err
		}
		return &outboxRow{kind: event.TypeRemoved, user: u, at: w.now(), origin: o}, nil
	})
}

// completion stores the answer of a request with an idempotency key in the request's own transaction.
type completion func(ctx context.Context, tx *sql.Tx, u user.User) error

// errUnchanged ends a transaction that has nothing to commit.
var errUnchanged = errors.New("nothing changed")

// apply runs the change in a transaction. The order is that of the cache's protocol: the row first, so that its lock is
// held; then the fence, where the event is not written yet at the same time; then the commit; then the release.
func (w *writer) apply(ctx context.Context, complete completion, do change) error {
	ctx, cancel := context.WithTimeout(ctx, w.timeout)
	defer cancel()
	var fence *usercache.Fence
	err := w.db.InTx(ctx, func(tx *sql.Tx) error {
		w.end(ctx, fence, nil) // that of an attempt that lost to others
		fence = nil
		e, err := w.change(ctx, tx, complete, do)
		if err != nil {
			return err
		}
		fence, err = w.writeAndFence(ctx, tx, *e)
		return err
	})
	w.end(ctx, fence, err)
	if errors.Is(err, errUnchanged) {
		return nil
	}
	return err
}

// writeAndFence writes the event and puts the fence up, at the same time where the row is locked already.
func (w *writer) writeAndFence(ctx context.Context, tx *sql.Tx, e outboxRow) (*usercache.Fence, error) {
	if e.addsUser {
		if err := appendOutbox(ctx, tx, w.db.Dialect, e); err != nil {
			return nil, err
		}
		return w.fencer.Fence(ctx, e.user.Name), nil
	}
	standing := make(chan *usercache.Fence, 1)
	go func() { standing <- w.fencer.Fence(ctx, e.user.Name) }()
	err := appendOutbox(ctx, tx, w.db.Dialect, e)
	return <-standing, err
}

// change makes the change and stores the answer, and returns the event to be written.
func (w *writer) change(ctx context.Context, tx *sql.Tx, complete completion, do change) (*outboxRow, error) {
	e, err := do(ctx, userdb.New(tx, w.db.Dialect))
	switch {
	case err != nil:
		return nil, err
	case e == nil:
		return nil, errUnchanged
	case complete != nil:
		return e, complete(ctx, tx, e.user)
	}
	return e, nil
}

// end takes the fence down once it is certain how the transaction ended, and leaves it to expire where it is not.
func (w *writer) end(ctx context.Context, fence *usercache.Fence, outcome error) {
	switch {
	case fence == nil:
	case errors.Is(outcome, database.ErrOutcomeUnknown):
		fence.Abandon()
	default:
		w.tell(ctx, fence.Release(ctx))
	}
}

// endAll is end for the fences of one transaction.
func (w *writer) endAll(ctx context.Context, fences []*usercache.Fence, outcome error) {
	switch {
	case len(fences) == 0:
	case errors.Is(outcome, database.ErrOutcomeUnknown):
		for _, fence := range fences {
			fence.Abandon()
		}
	default:
		w.tell(ctx, w.fencer.ReleaseAll(ctx, fences))
	}
}

// tell logs why a release failed, which is counted as well; the event of the write repairs it.
func (w *writer) tell(ctx context.Context, err error) {
	if err != nil {
		w.logger.DebugContext(ctx, "a write was not fenced to its end", "error", err)
	}
}
