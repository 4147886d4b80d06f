package journal

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/glarimy/ums/shared/event"
	"github.com/glarimy/ums/shared/event/eventdb"
)

// outbox reads ums_outbox, always by primary key and outside of transactions that write.
type outbox struct {
	db querier
}

// row is one row of ums_outbox.
type row struct {
	seq   uint64
	event event.Event
}

const selectOutbox = "SELECT seq, id, aggregateid, type, payload, actor, request_id, traceparent, occurred_at " +
	"FROM ums_outbox WHERE "

// beyond returns the first rows beyond a number.
func (o outbox) beyond(ctx context.Context, seq uint64, limit int) ([]row, error) {
	return o.rows(ctx, selectOutbox+"seq > ? ORDER BY seq LIMIT ?", seq, limit)
}

// within returns the rows that are in gaps, in order.
func (o outbox) within(ctx context.Context, g gaps) ([]row, error) {
	if len(g) == 0 {
		return nil, nil
	}
	args := make([]any, 0, 2*len(g))
	for _, open := range g {
		args = append(args, open.first, open.last)
	}
	ranges := strings.Repeat(" OR seq BETWEEN ? AND ?", len(g))[len(" OR "):]
	return o.rows(ctx, selectOutbox+ranges+" ORDER BY seq", args...)
}

func (o outbox) rows(ctx context.Context, query string, args ...any) (rows []row, err error) {
	found, err := o.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read the outbox: %w", err)
	}
	defer func() { err = errors.Join(err, found.Close()) }()
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

// numbersOf returns the numbers of rows.
func numbersOf(rows []row) []uint64 {
	numbers := make([]uint64, len(rows))
	for i, r := range rows {
		numbers[i] = r.seq
	}
	return numbers
}
