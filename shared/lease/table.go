package lease

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/glarimy/ums/shared/database"
)

// acquire takes the lease if it is free or its holder's own. Whoever waits for another's only reads.
func (l *Lease) acquire(ctx context.Context) (held bool, err error) {
	query := "SELECT holder, expires_at > " + l.db.Dialect.Now() + " FROM ums_lease WHERE name = ?"
	var (
		holder string
		live   bool
	)
	err = l.db.QueryRowContext(ctx, query, l.name).Scan(&holder, &live)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return l.insert(ctx)
	case err != nil:
		return false, fmt.Errorf("read the lease %s: %w", l.name, err)
	case live && holder != l.holder:
		return false, nil
	}
	ahead, duration := l.db.Dialect.Ahead(l.duration)
	update := "UPDATE ums_lease SET holder = ?, expires_at = " + ahead +
		" WHERE name = ? AND (holder = ? OR expires_at <= " + l.db.Dialect.Now() + ")"
	return l.change(ctx, "take", update, l.holder, duration, l.name, l.holder)
}

func (l *Lease) insert(ctx context.Context) (held bool, err error) {
	ahead, duration := l.db.Dialect.Ahead(l.duration)
	insert := "INSERT INTO ums_lease (name, holder, expires_at) VALUES (?, ?, " + ahead + ")"
	held, err = l.change(ctx, "take", insert, l.name, l.holder, duration)
	if database.IsDuplicate(err) {
		return false, nil
	}
	return held, err
}

func (l *Lease) extend(ctx context.Context) (held bool, err error) {
	ahead, duration := l.db.Dialect.Ahead(l.duration)
	update := "UPDATE ums_lease SET expires_at = " + ahead + " WHERE name = ? AND holder = ?"
	return l.change(ctx, "renew", update, duration, l.name, l.holder)
}

func (l *Lease) giveUp(ctx context.Context) error {
	update := "UPDATE ums_lease SET expires_at = " + l.db.Dialect.Now() + " WHERE name = ? AND holder = ?"
	_, err := l.change(ctx, "give up", update, l.name, l.holder)
	return err
}

// confirm locks the lease until tx ends and returns [ErrLost] unless it is still this candidate's.
func (l *Lease) confirm(ctx context.Context, tx *sql.Tx) error {
	var holder string
	query := "SELECT holder FROM ums_lease WHERE name = ?" + l.db.Dialect.ForUpdate()
	err := tx.QueryRowContext(ctx, query, l.name).Scan(&holder)
	if errors.Is(err, sql.ErrNoRows) || err == nil && holder != l.holder {
		return ErrLost
	}
	if err != nil {
		return fmt.Errorf("confirm the lease %s: %w", l.name, err)
	}
	return nil
}

// change runs a statement in a transaction of its own and reports whether it changed the row.
func (l *Lease) change(ctx context.Context, what, statement string, args ...any) (changed bool, err error) {
	err = l.db.InTx(ctx, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, statement, args...)
		if err != nil {
			return err
		}
		n, err := result.RowsAffected()
		changed = n == 1
		return err
	})
	if err != nil {
		return false, fmt.Errorf("%s the lease %s: %w", what, l.name, err)
	}
	return changed, nil
}

// State is what the database says of a lease.
type State struct {
	Holder    string // host/process/id; "" where nobody has ever held it
	ExpiresAt time.Time
	Live      bool // by the database's clock
}

// Read returns the state of the lease of this name.
func Read(ctx context.Context, db *database.DB, name string) (State, error) {
	var (
		s  State
		at database.Time
	)
	query := "SELECT holder, expires_at, expires_at > " + db.Dialect.Now() + " FROM ums_lease WHERE name = ?"
	err := db.QueryRowContext(ctx, query, name).Scan(&s.Holder, &at, &s.Live)
	if errors.Is(err, sql.ErrNoRows) {
		return State{}, nil
	}
	if err != nil {
		return State{}, fmt.Errorf("read the lease %s: %w", name, err)
	}
	s.ExpiresAt = at.Time
	return s, nil
}
