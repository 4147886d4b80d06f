package add

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

const (
	cleanupInterval = time.Minute
	cleanupBatch    = 200
)

// clean removes what has expired, a batch at a time by primary key, so that no statement holds many locks. It returns
// how many rows it removed.
func (c *claims) clean(ctx context.Context) (removed int, err error) {
	for {
		expired, err := c.expired(ctx)
		if err != nil || len(expired) == 0 {
			return removed, err
		}
		if err := c.delete(ctx, expired); err != nil {
			return removed, err
		}
		removed += len(expired)
		if len(expired) < cleanupBatch {
			return removed, nil
		}
	}
}

func (c *claims) expired(ctx context.Context) ([]claim, error) {
	const query = "SELECT principal, route, idempotency_key, token FROM ums_idempotency " +
		"WHERE expires_at <= ? ORDER BY expires_at LIMIT ?"
	rows, err := c.db.QueryContext(ctx, query, c.db.Dialect.Time(c.now()), cleanupBatch)
	if err != nil {
		return nil, fmt.Errorf("find expired idempotency keys: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var found []claim
	for rows.Next() {
		var e claim
		if err := rows.Scan(&e.principal, &e.route, &e.key, &e.token); err != nil {
			return nil, fmt.Errorf("read an expired idempotency key: %w", err)
		}
		found = append(found, e)
	}
	return found, rows.Err()
}

func (c *claims) delete(ctx context.Context, expired []claim) error {
	return c.db.InTx(ctx, func(tx *sql.Tx) error {
		// With its token, so that a key that was taken over a moment ago stays.
		const query = "DELETE FROM ums_idempotency WHERE principal = ? AND route = ? AND idempotency_key = ? AND token = ?"
		for _, e := range expired {
			if _, err := tx.ExecContext(ctx, query, e.principal, e.route, e.key, e.token); err != nil {
				return fmt.Errorf("remove an expired idempotency key: %w", err)
			}
		}
		return nil
	})
}
