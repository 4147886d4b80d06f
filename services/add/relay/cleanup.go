package relay

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/glarimy/ums/shared/database"
)

const (
	cleanInterval = time.Minute
	cleanBatch    = 500

	// longestWait is how long published rows wait for a journal that does not have them yet. One that was away for longer
	// is taken for gone: the outbox does not grow for it without end.
	longestWait = 30 * 24 * time.Hour
)

// cleanRegularly removes published rows that are old enough, from the beginning of a term on.
func (r *Relay) cleanRegularly(ctx context.Context) error {
	ticker := time.NewTicker(cleanInterval)
	defer ticker.Stop()
	for {
		if err := r.clean(ctx); err != nil && ctx.Err() == nil {
			r.logger.WarnContext(ctx, "old rows of the outbox stay for now", "error", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
}

// clean removes a batch at a time by primary key, and rests between them for as long as one took. It ends where all of a
// batch is to stay, so that rows that wait for the journal are not gone through again and again.
func (r *Relay) clean(ctx context.Context) error {
	recorded, err := r.outbox.recorded(ctx)
	if err != nil {
		return err
	}
	for {
		began := time.Now()
		old, err := r.outbox.published(ctx, r.now().Add(-r.retention), cleanBatch)
		if err != nil {
			return err
		}
		full := len(old) == cleanBatch
		old = slices.DeleteFunc(old, func(p publication) bool {
			return p.seq > recorded && r.now().Sub(p.at) < longestWait
		})
		if len(old) == 0 {
			return nil
		}
		if err := r.outbox.remove(ctx, old); err != nil {
			return err
		}
		r.metrics.removed.Add(float64(len(old)))
		if !full {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Since(began)):
		}
	}
}

// publication is a row that was published.
type publication struct {
	seq uint64
	at  time.Time
}

// recorded returns the number up to which the journal has all rows: the row before the first of its gaps, or how far it has
// walked. Where no journal ever began, it is as if it had all.
func (o *outbox) recorded(ctx context.Context) (uint64, error) {
	var (
		walked  uint64
		encoded []byte
		gaps    [][]uint64 // first number, last number, when it was seen; in order
	)
	err := o.db.QueryRowContext(ctx, "SELECT walked_seq, gaps FROM ums_journal_progress WHERE id = 1").Scan(&walked, &encoded)
	if errors.Is(err, sql.ErrNoRows) {
		return math.MaxUint64, nil
	}
	if err == nil {
		err = json.Unmarshal(encoded, &gaps)
	}
	if err != nil {
		return 0, fmt.Errorf("read how far the journal has the outbox: %w", err)
	}
	if len(gaps) > 0 && len(gaps[0]) > 0 {
		return min(walked, max(gaps[0][0], 1)-1), nil
	}
	return walked, nil
}

// published returns rows that were published before a moment, the oldest first.
func (o *outbox) published(ctx context.Context, before time.Time, limit int) ([]publication, error) {
	const query = "SELECT seq, published_at FROM ums_outbox WHERE published_at < ? ORDER BY published_at, seq LIMIT ?"
	found, err := o.db.QueryContext(ctx, query, o.db.Dialect.Time(before), limit)
	if err != nil {
		return nil, fmt.Errorf("find old rows of the outbox: %w", err)
	}
	defer func() { _ = found.Close() }()
	var old []publication
	for found.Next() {
		var p publication
		var at database.Time
		if err := found.Scan(&p.seq, &at); err != nil {
			return nil, fmt.Errorf("find old rows of the outbox: %w", err)
		}
		p.at = at.Time
		old = append(old, p)
	}
	return old, found.Err()
}

// remove deletes rows, each in a statement of its own: for a list of them MySQL reads the whole of a table that is small,
// and then waits for every row that a writer has not committed yet.
func (o *outbox) remove(ctx context.Context, old []publication) error {
	err := o.db.InTx(ctx, func(tx *sql.Tx) error {
		for _, p := range old {
			if _, err := tx.ExecContext(ctx, "DELETE FROM ums_outbox WHERE seq = ?", p.seq); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("remove old rows of the outbox: %w", err)
	}
	return nil
}
