package writes

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/google/uuid"

	"github.com/glarimy/ums/bench/load"
)

// bare is the plainest program that stores a user and an event in one transaction: a pool of connections, BEGIN, two
// INSERTs, COMMIT, a round trip each.
type bare struct {
	db      *sql.DB
	writers []*names
}

func openBare(rawURL string, writers []*names) (*bare, error) {
	config, err := mysql.ParseDSN(strings.TrimPrefix(rawURL, "mysql://"))
	if err != nil {
		return nil, fmt.Errorf("the database's URL: %w", err)
	}
	config.InterpolateParams = true // otherwise each INSERT takes two round trips and more
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return nil, fmt.Errorf("the database's URL: %w", err)
	}
	b := &bare{db: sql.OpenDB(connector), writers: writers}
	b.db.SetMaxOpenConns(len(writers))
	b.db.SetMaxIdleConns(len(writers))
	return b, nil
}

// run has all writers write for d.
func (b *bare) run(ctx context.Context, d time.Duration) (load.Result, error) {
	start := time.Now()
	results, errs := make([]load.Result, len(b.writers)), make([]error, len(b.writers))
	var running sync.WaitGroup
	for i, w := range b.writers {
		running.Go(func() {
			results[i] = load.NewResult()
			for sent := time.Now(); sent.Before(start.Add(d)) && errs[i] == nil; {
				errs[i] = b.write(ctx, w)
				answered := time.Now()
				results[i].Record(errs[i] == nil, answered.Sub(sent))
				sent = answered
			}
		})
	}
	running.Wait()
	total := load.NewResult()
	total.Elapsed = time.Since(start)
	for _, r := range results {
		total.Add(r)
	}
	return total, errors.Join(errs...)
}

// write stores the same rows that POST /user does.
func (b *bare) write(ctx context.Context, w *names) error {
	id, err := uuid.NewV7()
	if err != nil {
		return err
	}
	name, phone := w.next()
	now := time.Now().UTC().Truncate(time.Microsecond)
	payload := fmt.Sprintf(`{"name":%q,"phone":%d,"since":%q,"version":1}`, name, phone, now.Format(time.RFC3339Nano))
	tx, err := b.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	const addUser = "INSERT INTO ums_users (name, phone, since, version) VALUES (?, ?, ?, ?)"
	if _, err := tx.ExecContext(ctx, addUser, name, phone, now, 1); err != nil {
		return err
	}
	const addEvent = "INSERT INTO ums_outbox (id, aggregatetype, aggregateid, type, payload, request_id, occurred_at) " +
		"VALUES (?, 'user', ?, 'com.glarimy.ums.user.added', ?, ?, ?)"
	if _, err := tx.ExecContext(ctx, addEvent, id.String(), name, payload, id.String(), now); err != nil {
		return err
	}
	return tx.Commit()
}

func (b *bare) close() error { return b.db.Close() }
