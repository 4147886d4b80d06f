package journal

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/event"
	"github.com/glarimy/ums/shared/lease"
)

// ledger writes ums_journal and ums_journal_progress.
type ledger struct {
	lease   *lease.Lease
	dialect database.Dialect
}

// progress is how far the journal has the outbox.
type progress struct {
	walked uint64 // every row up to this one is in the journal, but for
	gaps   gaps   // those in here
}

func (p progress) equal(q progress) bool {
	return p.walked == q.walked && p.gaps.encode() == q.gaps.encode()
}

// begin reads where the last term ended: the progress, and when the newest event was recorded.
func (l *ledger) begin(ctx context.Context) (p progress, newest time.Time, err error) {
	err = l.lease.InTx(ctx, func(ctx context.Context, tx *sql.Tx) (err error) {
		if p, err = readProgress(ctx, tx); err != nil {
			return err
		}
		var at database.Time
		err = tx.QueryRowContext(ctx, "SELECT recorded_at FROM ums_journal ORDER BY position DESC LIMIT 1").Scan(&at)
		newest = at.Time
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		return err
	})
	if err != nil {
		return progress{}, time.Time{}, fmt.Errorf("read the journal's progress: %w", err)
	}
	return p, newest, nil
}

// readProgress makes the row where there is none.
func readProgress(ctx context.Context, tx *sql.Tx) (p progress, err error) {
	var encoded string
	err = tx.QueryRowContext(ctx, "SELECT walked_seq, gaps FROM ums_journal_progress WHERE id = 1").Scan(&p.walked, &encoded)
	if errors.Is(err, sql.ErrNoRows) {
		_, err = tx.ExecContext(ctx, "INSERT INTO ums_journal_progress (id, walked_seq, gaps) VALUES (1, 0, '[]')")
		return p, err
	}
	if err != nil {
		return p, err
	}
	p.gaps, err = decodeGaps(encoded)
	return p, err
}

// append records those events that the journal does not have, in their order, and how far it has the outbox then: in one
// transaction, which nobody but the leader can commit. So positions become visible in order, and an event is there once
// whoever brings it how often. It returns how many were recorded.
func (l *ledger) append(ctx context.Context, events []event.Event, at time.Time, p *progress) (recorded int, err error) {
	err = l.lease.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		missing, err := absent(ctx, tx, events)
		if err != nil {
			return err
		}
		recorded = len(missing)
		if err := insert(ctx, tx, l.dialect, missing, at); err != nil || p == nil {
			return err
		}
		const statement = "UPDATE ums_journal_progress SET walked_seq = ?, gaps = ? WHERE id = 1"
		_, err = tx.ExecContext(ctx, statement, p.walked, p.gaps.encode())
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("append to the journal: %w", err)
	}
	return recorded, nil
}

// absent returns those of the events that the journal does not have, each once.
func absent(ctx context.Context, db querier, events []event.Event) (missing []event.Event, err error) {
	if len(events) == 0 {
		return nil, nil
	}
	ids := make([]any, len(events))
	for i, e := range events {
		ids[i] = e.ID
	}
	query := "SELECT id FROM ums_journal WHERE id IN (?" + strings.Repeat(", ?", len(ids)-1) + ")"
	found, err := db.QueryContext(ctx, query, ids...)
	if err != nil {
		return nil, fmt.Errorf("look for events in the journal: %w", err)
	}
	defer func() { err = errors.Join(err, found.Close()) }()
	there := map[string]bool{}
	for found.Next() {
		var id string
		if err := found.Scan(&id); err != nil {
			return nil, fmt.Errorf("look for events in the journal: %w", err)
		}
		there[id] = true
	}
	for _, e := range events {
		if !there[e.ID] {
			there[e.ID] = true
			missing = append(missing, e)
		}
	}
	return missing, found.Err()
}

// Bounds of one INSERT.
const (
	insertRows  = 200
	insertBytes = 1 << 20
)

// insert writes rows in their order. Where a statement has several, both databases give them positions in their order.
func insert(ctx context.Context, tx *sql.Tx, d database.Dialect, events []event.Event, at time.Time) error {
	for len(events) > 0 {
		n, size := 0, 0
		for n < len(events) && n < insertRows && (n == 0 || size+len(events[n].Data) <= insertBytes) {
			size += len(events[n].Data)
			n++
		}
		if err := insertSome(ctx, tx, d, events[:n], at); err != nil {
			return err
		}
		events = events[n:]
	}
	return nil
}

func insertSome(ctx context.Context, tx *sql.Tx, d database.Dialect, events []event.Event, at time.Time) error {
	const (
		statement = "INSERT INTO ums_journal (id, source, type, user, sequence, occurred_at, recorded_at, " +
			"actor, request_id, traceparent, data) VALUES "
		one = "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
	)
	args := make([]any, 0, strings.Count(one, "?")*len(events))
	for _, e := range events {
		sequence, err := sequenceOf(e)
		if err != nil {
			return err
		}
		args = append(args, e.ID, e.Source, e.Type, nullable(e.User), sequence, d.Time(e.Time), d.Time(at),
			nullable(e.Actor), nullable(e.RequestID), nullable(e.Traceparent), string(e.Data))
	}
	_, err := tx.ExecContext(ctx, statement+one+strings.Repeat(", "+one, len(events)-1), args...)
	return err
}

func nullable(s string) sql.NullString { return sql.NullString{String: s, Valid: s != ""} }

// sequenceOf returns an event's sequence as a column has it.
func sequenceOf(e event.Event) (sql.Null[int64], error) {
	if e.Sequence == "" {
		return sql.Null[int64]{}, nil
	}
	n, err := strconv.ParseInt(e.Sequence, 10, 64)
	if err != nil {
		return sql.Null[int64]{}, errUnstorable
	}
	return sql.Null[int64]{V: n, Valid: true}, nil
}

// errUnstorable says that a value of an event does not fit the table.
var errUnstorable = errors.New("a value of it does not fit the journal's table")

// isUnstorable reports whether err is the fault of an event's values, rather than that of the database.
func isUnstorable(err error) bool {
	return errors.Is(err, errUnstorable) || database.IsUnstorable(err)
}
