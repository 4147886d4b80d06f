package relay

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	parkedInterval = 250 * time.Millisecond // between two looks for parked users whose time has come
	parkedBatch    = 50                     // users tried again at a time
	parkedTime     = 50 * time.Millisecond  // after which the others have their turn
	firstParking   = time.Second            // how long a user is parked the first time
	longestParking = 5 * time.Minute
	maxLastError   = 1000 // characters of the column last_error
)

// retryParked tries the oldest row of each parked user whose time has come. Only when that one has passed are the user's
// others taken again, in their order.
func (t *term) retryParked(ctx context.Context) error {
	if time.Since(t.looked) < parkedInterval || t.probing {
		return nil
	}
	due, err := t.outbox.due(ctx, t.now())
	if err != nil {
		return err
	}
	began := time.Now()
	for i, user := range due {
		if well, err := t.retry(ctx, user); err != nil || !well {
			return err
		}
		if i < len(due)-1 && time.Since(began) > parkedTime {
			return nil // the rest of them after the next batch of the others
		}
	}
	if len(due) < parkedBatch { // otherwise there are more: look again at once
		t.looked = time.Now()
	}
	return nil
}

// retry tries one parked user, on his own so that his trouble stays his. It returns whether the bus seems well.
func (t *term) retry(ctx context.Context, user string) (well bool, err error) {
	r, ok, err := t.outbox.oldestOf(ctx, user)
	switch {
	case err != nil:
		return true, err
	case !ok: // another relay published it, or somebody removed it
		return true, t.unpark(ctx, user)
	}
	sent, refused, trouble := t.sendAll(ctx, []row{r})
	if trouble != nil {
		return false, t.park(ctx, []refusal{{row: r, err: trouble}})
	}
	t.unmarked = append(t.unmarked, sent...)
	if err := t.mark(ctx); err != nil {
		return true, err
	}
	if len(refused) > 0 {
		return true, t.park(ctx, refused)
	}
	t.logger.InfoContext(ctx, "a parked user's events move again", "user", user)
	return true, t.unpark(ctx, user)
}

// unpark lets a user's rows be taken with those of the others again, from his oldest on.
func (t *term) unpark(ctx context.Context, user string) error {
	t.backlog = backlog{}
	return t.outbox.unpark(ctx, user)
}

// park keeps users back whose events were refused.
func (t *term) park(ctx context.Context, refused []refusal) error {
	for _, r := range refused {
		attempts, next, err := t.outbox.park(ctx, r.row.event.User, r.err.Error(), t.now())
		if err != nil {
			return err
		}
		t.metrics.refused.Inc()
		t.logger.WarnContext(ctx, "an event was refused and keeps its user's events back",
			"user", r.row.event.User, "event", r.row.event.ID, "seq", r.row.seq, "error", r.err,
			"attempts", attempts, "next_attempt_at", next)
	}
	return nil
}

// due returns parked users whose time has come, those first that have waited longest.
func (o *outbox) due(ctx context.Context, now time.Time) ([]string, error) {
	const query = "SELECT aggregateid FROM ums_outbox_parked WHERE next_attempt_at <= ? ORDER BY next_attempt_at LIMIT ?"
	found, err := o.db.QueryContext(ctx, query, o.db.Dialect.Time(now), parkedBatch)
	if err != nil {
		return nil, fmt.Errorf("find parked users: %w", err)
	}
	defer func() { _ = found.Close() }()
	var due []string
	for found.Next() {
		var user string
		if err := found.Scan(&user); err != nil {
			return nil, fmt.Errorf("read a parked user: %w", err)
		}
		due = append(due, user)
	}
	return due, found.Err()
}

// park writes down one more refusal of a user's event. It returns how many there were, and when the next try is.
func (o *outbox) park(ctx context.Context, user, why string, now time.Time) (attempts int, next time.Time, err error) {
	why = shortened(why)
	err = o.db.InTx(ctx, func(tx *sql.Tx) error {
		attempts = 0
		const query = "SELECT attempts FROM ums_outbox_parked WHERE aggregateid = ?"
		err := tx.QueryRowContext(ctx, query+o.db.Dialect.ForUpdate(), user).Scan(&attempts)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		statement := "UPDATE ums_outbox_parked SET attempts = ?, next_attempt_at = ?, last_error = ? WHERE aggregateid = ?"
		if err != nil {
			statement = "INSERT INTO ums_outbox_parked (attempts, next_attempt_at, last_error, aggregateid) VALUES (?, ?, ?, ?)"
		}
		attempts++
		next = now.Add(doubled(firstParking, longestParking, attempts-1)).UTC()
		_, err = tx.ExecContext(ctx, statement, attempts, o.db.Dialect.Time(next), why, user)
		return err
	})
	if err != nil {
		return 0, time.Time{}, fmt.Errorf("park a user: %w", err)
	}
	return attempts, next, nil
}

func (o *outbox) unpark(ctx context.Context, user string) error {
	if err := o.execute(ctx, "DELETE FROM ums_outbox_parked WHERE aggregateid = ?", user); err != nil {
		return fmt.Errorf("unpark a user: %w", err)
	}
	return nil
}

// shortened makes an error's text fit its column.
func shortened(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if utf8.RuneCountInString(s) <= maxLastError {
		return s
	}
	return string([]rune(s)[:maxLastError])
}
