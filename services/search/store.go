package search

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/glarimy/ums/shared/database"
)

// querier is what a pool and a connection have in common.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// store reads lists from ums_users. It is safe for concurrent use if its querier is.
type store struct {
	db       querier
	dialect  database.Dialect
	duration *prometheus.HistogramVec
}

func newStore(db querier, dialect database.Dialect, registry prometheus.Registerer) (*store, error) {
	s := &store{db: db, dialect: dialect, duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "ums_search_read_duration_seconds",
		Help:    "Time in which the database gave one page, the wait for a connection included.",
		Buckets: []float64{.00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5},
	}, []string{"filter"})}
	if err := registry.Register(s.duration); err != nil {
		return nil, fmt.Errorf("register the metrics of search: %w", err)
	}
	return s, nil
}

// row is one user as the table has it. It is not held against the rules of the domain: a list must not end at a user whom
// another program stored.
type row struct {
	name  string
	phone uint64
	since time.Time
}

// read returns the first users of a list behind a position, limit of them at most.
func (s *store) read(ctx context.Context, l list, p position, limit int) ([]row, error) {
	start := time.Now()
	rows := make([]row, 0, limit)
	for _, statement := range l.after(p, s.dialect) {
		if len(rows) == limit {
			break
		}
		var err error
		if rows, err = s.append(ctx, rows, statement, limit-len(rows)); err != nil {
			return nil, fmt.Errorf("list users: %w", err)
		}
	}
	s.duration.WithLabelValues(l.filter()).Observe(time.Since(start).Seconds())
	return rows, nil
}

func (s *store) append(ctx context.Context, rows []row, part statement, limit int) (_ []row, err error) {
	query := "SELECT name, phone, since FROM ums_users WHERE " + part.where + " ORDER BY " + part.order + " LIMIT ?"
	found, err := s.db.QueryContext(ctx, query, append(part.args, limit)...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, found.Close()) }()
	for found.Next() {
		var (
			r     row
			since database.Time
		)
		if err := found.Scan(&r.name, &r.phone, &since); err != nil {
			return nil, err
		}
		r.since = since.Time
		rows = append(rows, r)
	}
	return rows, found.Err()
}
