package relay

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/event"
	"github.com/glarimy/ums/shared/event/eventdb"
)

// outbox is the tables ums_outbox and ums_outbox_parked. No transaction of it is longer than its own statements, and
// none takes a lock but by primary key, so that writers are never in its way nor it in theirs.
type outbox struct {
	db *database.DB
}

// row is one row of ums_outbox.
type row struct {
	seq   uint64
	event event.Event
}

const (
	// columns are those of an event. Of a payload that is too long to be published, no more than that is read.
	columns = "o.seq, o.id, o.aggregateid, o.type, SUBSTR(o.payload, 1, 65537), o.actor, o.request_id, o.traceparent, " +
		"o.occurred_at"

	// unpublished is in the order of an index, and goes through the rows of parked users without taking them.
	unpublished = " FROM ums_outbox o WHERE o.published_at IS NULL AND o.seq > ? AND NOT EXISTS " +
		"(SELECT 1 FROM ums_outbox_parked p WHERE p.aggregateid = o.aggregateid) ORDER BY o.seq LIMIT ?"

	unpublishedOfUser = " FROM ums_outbox o WHERE o.published_at IS NULL AND o.aggregateid = ? ORDER BY o.seq LIMIT 1"
)

// oldest returns the oldest unpublished rows behind a number of users that are not parked, in order.
func (o *outbox) oldest(ctx context.Context, behind uint64, limit int) ([]row, error) {
	return o.rows(ctx, "SELECT "+columns+unpublished, behind, limit)
}

// oldestOf returns the oldest unpublished row of one user; false where there is none.
func (o *outbox) oldestOf(ctx context.Context, user string) (row, bool, error) {
	rows, err := o.rows(ctx, "SELECT "+columns+unpublishedOfUser, user)
	if err != nil || len(rows) == 0 {
		return row{}, false, err
	}
	return rows[0], true, nil
}

func (o *outbox) rows(ctx context.Context, query string, args ...any) ([]row, error) {
	found, err := o.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read the outbox: %w", err)
	}
	defer func() { _ = found.Close() }()
	var rows []row
	for found.Next() {
		seq, e, err := eventdb.Scan(found)
		if err != nil {
			return nil, fmt.Errorf("read a row of the outbox: %w", err)
		}
		rows = append(rows, row{seq: seq, event: e})
	}
	if err := found.Err(); err != nil {
		return nil, fmt.Errorf("read the outbox: %w", err)
	}
	return rows, nil
}

// mark says of rows that they are published. Unlike a DELETE, an UPDATE of a list waits for no row outside of it, even where
// MySQL reads the whole table: its reads are semi-consistent.
func (o *outbox) mark(ctx context.Context, seqs []uint64, at time.Time) error {
	for len(seqs) > 0 {
		some := seqs[:min(len(seqs), batchSize)]
		seqs = seqs[len(some):]
		statement := "UPDATE ums_outbox SET published_at = ? WHERE seq IN (" + placeholders(len(some)) + ")"
		if err := o.execute(ctx, statement, arguments(some, o.db.Dialect.Time(at))...); err != nil {
			return fmt.Errorf("mark what is published: %w", err)
		}
	}
	return nil
}

// execute runs one statement in a transaction of its own.
func (o *outbox) execute(ctx context.Context, statement string, args ...any) error {
	return o.db.InTx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, statement, args...)
		return err
	})
}

func placeholders(n int) string { return strings.Repeat("?, ", n-1) + "?" }

// arguments returns the arguments of a statement that ends with a list.
func arguments(list []uint64, first ...any) []any {
	for _, seq := range list {
		first = append(first, seq)
	}
	return first
}
