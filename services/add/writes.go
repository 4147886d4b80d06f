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
	keys    *keys
	fencer  *usercache.Fencer
	now     func() time.Time
	timeout time.Duration // of a transaction; under a third of the fence's time
	logger  *slog.Logger
	adding  *batcher // of the users that MySQL adds together
}

// slowPart is the part of its time after which a transaction is slow: of the 4.5 s that it has by default, 100 ms.
const slowPart = 45

func newWriter(keys *keys, fencer *usercache.Fencer, timeout time.Duration, logger *slog.Logger) *writer {
	w := &writer{db: keys.db, keys: keys, fencer: fencer, now: keys.now, timeout: timeout, logger: logger}
	w.adding = &batcher{alone: w.addAlone, together: w.addTogether, meet: w.meet, slow: timeout / slowPart}
	return w
}

// add stores a new user, and with it the answer of a request that has an idempotency key; req may be nil.
func (w *writer) add(ctx context.Context, d user.Draft, o origin, req *keyedRequest) (user.User, error) {
	u := user.New(d.Name, d.Phone, w.now())
	a := addition{event: outboxRow{kind: event.TypeAdded, user: u, at: u.Since, origin: o}}
	if req != nil {
		a.key = w.keys.row(*req, created(u))
	}
	if w.db.Dialect == database.MySQL {
		err := w.adding.add(ctx, a)
		if !errors.Is(err, user.ErrExists) {
			return u, err
		}
		// A row is there already: the key's, or the user's, unless something is wrong with the outbox.
		if err := w.meet(ctx, a); err != nil {
			return u, err
		}
	}
	return u, w.apply(ctx, w.changing(func(ctx context.Context, tx *sql.Tx) (*outboxRow, error) {
		if a.key != nil {
			if err := w.keys.take(ctx, tx, a.key); err != nil {
				return nil, err
			}
		}
		return &a.event, w.users(tx).Add(ctx, u)
	}))
}

// meet returns what an addition ends with because of a row that is committed already, or nil if there is none: statements
// of their own tell then. It takes no lock. Transactions that find the same key or user taken do, each a shared one, and if
// that row's own transaction comes to nothing, all but one of them are deadlocked.
//
// The key's row counts for more, so it is looked at last: where the request that has it adds the user between the two looks,
// the answer is there, and not only the user.
func (w *writer) meet(ctx context.Context, a addition) error {
	_, found := userdb.New(w.db, w.db.Dialect).Find(ctx, a.name())
	if found != nil && !errors.Is(found, user.ErrNotFound) {
		return found
	}
	if a.key != nil {
		if err := w.keys.free(ctx, w.db, a.key.keyedRequest); err != nil {
			return err
		}
	}
	if found == nil {
		return user.ErrExists
	}
	return nil
}

// addAlone adds a user by one packet to MySQL.
func (w *writer) addAlone(ctx context.Context, a addition) error {
	return w.apply(ctx, func(ctx context.Context, tx *sql.Tx) (*usercache.Fence, error) {
		if err := store(ctx, tx, w.db.Dialect, []addition{a}); err != nil {
			return nil, err
		}
		return w.fencer.Fence(ctx, a.name()), nil
	})
}

// addTogether adds the users of a batch in one transaction, in the order of apply. The error is errAlone where it may
// be one user's fault; nothing is changed then.
func (w *writer) addTogether(ctx context.Context, additions []addition) error {
	ctx, cancel := context.WithTimeout(ctx, w.timeout)
	defer cancel()
	names := make([]user.Name, len(additions))
	for i, a := range additions {
		names[i] = a.name()
	}
	var fences []*usercache.Fence
	end := func(outcome error) {
		w.endAll(ctx, fences, outcome)
		fences = nil
	}
	err := w.db.InTx(ctx, func(tx *sql.Tx) error {
		end(nil) // those of an attempt that lost to others
		if err := store(ctx, tx, w.db.Dialect, additions); err != nil {
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
	err = w.apply(ctx, w.changing(func(ctx context.Context, tx *sql.Tx) (*outboxRow, error) {
		var changed bool
		if u, changed, err = w.users(tx).ChangePhone(ctx, name, phone, pre); err != nil || !changed {
			return nil, err
		}
		return &outboxRow{kind: event.TypeChanged, user: u, at: w.now(), origin: o}, nil
	}))
	return u, err
}

// remove deletes a user.
func (w *writer) remove(ctx context.Context, name user.Name, pre user.Precondition, o origin) error {
	return w.apply(ctx, w.changing(func(ctx context.Context, tx *sql.Tx) (*outboxRow, error) {
		u, err := w.users(tx).Remove(ctx, name, pre)
		if err != nil {
			return nil, err
		}
		return &outboxRow{kind: event.TypeRemoved, user: u, at: w.now(), origin: o}, nil
	}))
}

func (w *writer) users(tx *sql.Tx) user.UserRepository { return userdb.New(tx, w.db.Dialect) }

// errUnchanged ends a transaction that has nothing to commit.
var errUnchanged = errors.New("nothing changed")

// apply runs do in a transaction. do makes the whole of a change, in the order of the cache's protocol: the row first, so
// that its lock is held, then the fence, which it returns. Then come the commit and the release.
func (w *writer) apply(ctx context.Context, do func(ctx context.Context, tx *sql.Tx) (*usercache.Fence, error)) error {
	ctx, cancel := context.WithTimeout(ctx, w.timeout)
	defer cancel()
	var fence *usercache.Fence
	err := w.db.InTx(ctx, func(tx *sql.Tx) (err error) {
		w.end(ctx, fence, nil) // that of an attempt that lost to others
		fence, err = do(ctx, tx)
		return err
	})
	w.end(ctx, fence, err)
	if errors.Is(err, errUnchanged) {
		return nil
	}
	return err
}

// changing returns what apply is given for a change by statements of its own. change returns its event, or nil where
// nothing changed. The event is written and the fence put up at the same time, as the row is locked already.
func (w *writer) changing(
	change func(ctx context.Context, tx *sql.Tx) (*outboxRow, error),
) func(ctx context.Context, tx *sql.Tx) (*usercache.Fence, error) {
	return func(ctx context.Context, tx *sql.Tx) (*usercache.Fence, error) {
		e, err := change(ctx, tx)
		switch {
		case err != nil:
			return nil, err
		case e == nil:
			return nil, errUnchanged
		}
		standing := make(chan *usercache.Fence, 1)
		go func() { standing <- w.fencer.Fence(ctx, e.user.Name) }()
		err = appendOutbox(ctx, tx, w.db.Dialect, *e)
		return <-standing, err
	}
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
