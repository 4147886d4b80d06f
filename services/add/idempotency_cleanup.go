package add

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"time"
)

const (
	cleanupInterval = time.Minute
	cleanupBatch    = 200
)

// cleanRegularly removes what has expired, at once and then regularly, until ctx ends.
func (c *claims) cleanRegularly(ctx context.Context, logger *slog.Logger) error {
	ticker := time.NewTicker(cleanupInterval)
	defer ticker.Stop()
	for {
		if removed, err := c.clean(ctx); err != nil && ctx.Err() == nil {
			logger.WarnContext(ctx, "expired idempotency keys stay for now", "error", err)
		} else if removed > 0 {
			logger.DebugContext(ctx, "expired idempotency keys removed", "count", removed)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
}

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
		// As it was found, so that a key stays that was taken over or answered a moment ago.
		const query = "DELETE FROM ums_idempotency " +
			"WHERE principal = ? AND route = ? AND idempotency_key = ? AND token = ? AND expires_at <= ?"
		now := c.db.Dialect.Time(c.now())
		for _, e := range expired {
			if _, err := tx.ExecContext(ctx, query, e.principal, e.route, e.key, e.token, now); err != nil {
				return fmt.Errorf("remove an expired idempotency key: %w", err)
			}
		}
		return nil
	})
}
