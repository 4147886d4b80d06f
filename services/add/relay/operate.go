package relay

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/lease"
)

// Status is how the outbox of a database stands, for an operator.
type Status struct {
	Waiting     uint64      // events that are not published
	Oldest      time.Time   // when the oldest of them happened; zero where there is none
	Leader      lease.State // the relay that leads
	ParkedUsers int         // how many users' events wait because one was refused
	Parked      []Parked    // the first of them by name
}

// Parked is a user whose events wait because the bus refused one of them.
type Parked struct {
	User        string
	Waiting     uint64 // his events that are not published
	Attempts    int    // how often one was refused
	NextAttempt time.Time
	LastError   string
}

// ReadStatus reads how the outbox stands, with at most limit parked users.
func ReadStatus(ctx context.Context, db *database.DB, limit int) (s Status, err error) {
	var oldest sql.Null[database.Time]
	const waiting = "SELECT COUNT(*), MIN(occurred_at) FROM ums_outbox WHERE published_at IS NULL"
	if err := db.QueryRowContext(ctx, waiting).Scan(&s.Waiting, &oldest); err != nil {
		return Status{}, fmt.Errorf("read the outbox: %w", err)
	}
	s.Oldest = oldest.V.Time
	if s.Leader, err = lease.Read(ctx, db, leaseName); err != nil {
		return Status{}, err
	}
	if s.ParkedUsers, err = (&outbox{db: db}).countParked(ctx); err != nil {
		return Status{}, err
	}
	s.Parked, err = readParked(ctx, db, limit)
	return s, err
}

func readParked(ctx context.Context, db *database.DB, limit int) ([]Parked, error) {
	const query = "SELECT p.aggregateid, p.attempts, p.next_attempt_at, p.last_error, COALESCE(w.waiting, 0) " +
		"FROM ums_outbox_parked p LEFT JOIN (SELECT aggregateid, COUNT(*) AS waiting FROM ums_outbox " +
		"WHERE published_at IS NULL GROUP BY aggregateid) w ON w.aggregateid = p.aggregateid ORDER BY p.aggregateid LIMIT ?"
	found, err := db.QueryContext(ctx, query, limit)
	if err != nil {
		return nil, fmt.Errorf("read the parked users: %w", err)
	}
	defer func() { _ = found.Close() }()
	var list []Parked
	for found.Next() {
		var (
			p    Parked
			next database.Time
		)
		if err := found.Scan(&p.User, &p.Attempts, &next, &p.LastError, &p.Waiting); err != nil {
			return nil, fmt.Errorf("read a parked user: %w", err)
		}
		p.NextAttempt = next.Time
		list = append(list, p)
	}
	return list, found.Err()
}

// Retry has a parked user's events tried again at once. It returns false where the user is not parked.
func Retry(ctx context.Context, db *database.DB, user string) (parked bool, err error) {
	n, err := retryNow(ctx, db,
		"SELECT COUNT(*) FROM ums_outbox_parked WHERE aggregateid = ?",
		"UPDATE ums_outbox_parked SET next_attempt_at = ? WHERE aggregateid = ?", user)
	return n > 0, err
}

// RetryAll has the events of all parked users tried again at once, and returns how many users that are.
func RetryAll(ctx context.Context, db *database.DB) (users int, err error) {
	return retryNow(ctx, db,
		"SELECT COUNT(*) FROM ums_outbox_parked",
		"UPDATE ums_outbox_parked SET next_attempt_at = ?")
}

// retryNow sets the time of the next attempt to one that is past by any clock. MySQL does not count rows that have it
// already, so they are counted before.
func retryNow(ctx context.Context, db *database.DB, count, update string, which ...any) (users int, err error) {
	past := db.Dialect.Time(time.Unix(0, 0))
	err = db.InTx(ctx, func(tx *sql.Tx) error {
		if err := tx.QueryRowContext(ctx, count, which...).Scan(&users); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, update, append([]any{past}, which...)...)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("have parked users tried again: %w", err)
	}
	return users, nil
}

// Size is how much the outbox holds.
type Size struct {
	Rows   uint64    // at most: by the numbers of the first row and the last
	Oldest time.Time // when the first row's event occurred; zero where there is no row
}

// ReadSize reads how much the outbox holds, without counting its rows.
func ReadSize(ctx context.Context, db *database.DB) (Size, error) {
	const query = "SELECT (SELECT MAX(seq) FROM ums_outbox) - seq + 1, occurred_at FROM ums_outbox ORDER BY seq LIMIT 1"
	var (
		s      Size
		oldest database.Time
	)
	err := db.QueryRowContext(ctx, query).Scan(&s.Rows, &oldest)
	if errors.Is(err, sql.ErrNoRows) {
		return Size{}, nil
	}
	if err != nil {
		return Size{}, fmt.Errorf("read the size of the outbox: %w", err)
	}
	s.Oldest = oldest.Time
	return s, nil
}
