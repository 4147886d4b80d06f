package journal

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/event"
)

// querier is what a pool, a connection and a transaction have in common.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// store reads ums_journal. It is safe for concurrent use if its querier is.
type store struct {
	db       querier
	dialect  database.Dialect
	duration prometheus.Observer // of the reading of a page
}

// filter selects events; what is empty selects all.
type filter struct {
	user string
	kind string
}

func (f filter) selects(e event.Event) bool {
	return (f.user == "" || f.user == e.User) && (f.kind == "" || f.kind == e.Type)
}

// span is what lies between two positions, both left out, in one order.
type span struct {
	after, before uint64
	descending    bool
}

// lastPosition is beyond every position that both databases can count to.
const lastPosition = math.MaxInt64

// everything is all positions, in ascending order.
func everything() span { return span{before: lastPosition} }

// The indexes of ums_journal. Each has position behind its own columns.
const (
	indexPosition = "PRIMARY"
	indexUser     = "ums_journal_user"
	indexType     = "ums_journal_type"
	indexUserType = "ums_journal_user_type"
	indexRecorded = "ums_journal_recorded"
)

// from returns the FROM clause that has the table read by one index. Left to itself MySQL takes the primary key where it
// believes that a filter's rows are frequent, and then reads the whole journal where they are not.
func (s *store) from(index string) string {
	switch {
	case s.dialect != database.SQLite:
		return " FROM ums_journal FORCE INDEX (" + index + ")"
	case index == indexPosition:
		return " FROM ums_journal NOT INDEXED" // by its rowid, which position is
	default:
		return " FROM ums_journal INDEXED BY " + index
	}
}

// where returns the index that has a filter's events in the order of their positions, and the condition.
func (f filter) where() (index, condition string, args []any) {
	switch {
	case f.user != "" && f.kind != "":
		return indexUserType, "user = ? AND type = ? AND ", []any{f.user, f.kind}
	case f.user != "":
		return indexUser, "user = ? AND ", []any{f.user}
	case f.kind != "":
		return indexType, "type = ? AND ", []any{f.kind}
	default:
		return indexPosition, "", nil
	}
}

const columns = "position, id, source, type, user, sequence, occurred_at, recorded_at, actor, request_id, traceparent, data"

// page returns the first events of a span that a filter selects, limit of them at most: one walk along one index.
func (s *store) page(ctx context.Context, f filter, in span, limit int) ([]record, error) {
	start := time.Now()
	index, condition, args := f.where()
	order := " ORDER BY position LIMIT ?"
	if in.descending {
		order = " ORDER BY position DESC LIMIT ?"
	}
	query := "SELECT " + columns + s.from(index) + " WHERE " + condition + "position > ? AND position < ?" + order
	records, err := s.records(ctx, query, append(args, in.after, in.before, limit)...)
	if err == nil {
		s.duration.Observe(time.Since(start).Seconds())
	}
	return records, err
}

// byID returns one event; false where there is none of this id.
func (s *store) byID(ctx context.Context, id string) (record, bool, error) {
	found, err := s.records(ctx, "SELECT "+columns+" FROM ums_journal WHERE id = ?", id)
	if err != nil || len(found) == 0 {
		return record{}, false, err
	}
	return found[0], true, nil
}

// head returns the position of the newest event, 0 in an empty journal.
func (s *store) head(ctx context.Context) (uint64, error) {
	position, _, err := s.number(ctx, "SELECT position"+s.from(indexPosition)+" ORDER BY position DESC LIMIT 1")
	return position, err
}

// since returns the position of the first event that was recorded at a moment or later; false where there is none yet.
func (s *store) since(ctx context.Context, at time.Time) (position uint64, ok bool, err error) {
	query := "SELECT position" + s.from(indexRecorded) + " WHERE recorded_at >= ? ORDER BY recorded_at, position LIMIT 1"
	return s.number(ctx, query, s.dialect.Time(at))
}

// number returns the one number of a query's first row; false where there is no row.
func (s *store) number(ctx context.Context, query string, args ...any) (n uint64, ok bool, err error) {
	found, err := s.db.QueryContext(ctx, query, args...)
	if err != nil {
		return 0, false, fmt.Errorf("read the journal: %w", err)
	}
	defer func() { err = errors.Join(err, found.Close()) }()
	if ok = found.Next(); ok {
		err = found.Scan(&n)
	}
	return n, ok, errors.Join(err, found.Err())
}

func (s *store) records(ctx context.Context, query string, args ...any) (records []record, err error) {
	found, err := s.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read the journal: %w", err)
	}
	defer func() { err = errors.Join(err, found.Close()) }()
	for found.Next() {
		r, err := scanRecord(found)
		if err != nil {
			return nil, fmt.Errorf("read a row of the journal: %w", err)
		}
		records = append(records, r)
	}
	if err := found.Err(); err != nil {
		return nil, fmt.Errorf("read the journal: %w", err)
	}
	return records, nil
}

func scanRecord(found *sql.Rows) (record, error) {
	var (
		r                                   record
		occurred, recorded                  database.Time
		user, actor, requestID, traceparent sql.NullString
		sequence                            sql.Null[uint64]
	)
	e := &r.event
	err := found.Scan(&r.position, &e.ID, &e.Source, &e.Type, &user, &sequence, &occurred, &recorded,
		&actor, &requestID, &traceparent, &e.Data)
	if err != nil {
		return record{}, err
	}
	e.User, e.Actor, e.RequestID, e.Traceparent = user.String, actor.String, requestID.String, traceparent.String
	e.Time, r.recordedAt = occurred.Time, recorded.Time
	if sequence.Valid {
		e.Sequence = event.Sequence(sequence.V)
	}
	return r, nil
}
