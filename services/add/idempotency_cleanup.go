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
func (k *keys) cleanRegularly(ctx context.Context, logger *slog.Logger) error {
	ticker := time.NewTicker(cleanupInterval)
	defer ticker.Stop()
	for {
		if removed, err := k.clean(ctx); err != nil && ctx.Err() == nil {
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
func (k *keys) clean(ctx context.Context) (removed int, err error) {
	for {
		expired, err := k.findExpired(ctx)
		if err != nil || len(expired) == 0 {
			return removed, err
		}
		if err := k.delete(ctx, expired); err != nil {
			return removed, err
		}
		removed += len(expired)
		if len(expired) < cleanupBatch {
			return removed, nil
		}
	}
}

func (k *keys) findExpired(ctx context.Context) ([]keyID, error) {
	const query = "SELECT principal, route, idempotency_key FROM ums_idempotency " +
		"WHERE expires_at <= ? ORDER BY expires_at LIMIT ?"
	rows, err := k.db.QueryContext(ctx, query, k.db.Dialect.Time(k.now()), cleanupBatch)
	if err != nil {
		return nil, fmt.Errorf("find expired idempotency keys: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var found []keyID
	for rows.Next() {
		var id keyID
		if err := rows.Scan(&id.principal, &id.route, &id.key); err != nil {
			return nil, fmt.Errorf("read an expired idempotency key: %w", err)
		}
		found = append(found, id)
	}
	return found, rows.Err()
}

func (k *keys) delete(ctx context.Context, expired []keyID) error {
	return k.db.InTx(ctx, func(tx *sql.Tx) error {
		// As it stands now, so that a key stays that was replaced or answered a moment ago.
		const query = "DELETE FROM ums_idempotency " +
			"WHERE principal = ? AND route = ? AND idempotency_key = ? AND expires_at <= ?"
		now := k.db.Dialect.Time(k.now())
		for _, id := range expired {
			if _, err := tx.ExecContext(ctx, query, id.principal, id.route, id.key, now); err != nil {
				return fmt.Errorf("remove an expired idempotency key: %w", err)
			}
		}
		return nil
	})
}
