package relay

import (
	"context"
	"fmt"
	"time"
)

// watchInterval is the time between two looks at how the outbox stands.
const watchInterval = time.Second

// watch keeps the metrics of the outbox, whether this relay leads or not: a leader that hangs would not tell that it does.
func (r *Relay) watch(ctx context.Context) error {
	ticker := time.NewTicker(watchInterval)
	defer ticker.Stop()
	for {
		if err := r.look(ctx); err != nil && ctx.Err() == nil {
			r.logger.DebugContext(ctx, "the outbox cannot be looked at", "error", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
}

// look reads how the outbox stands. Where it cannot, the lag goes on growing from what was seen last.
func (r *Relay) look(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, markTimeout)
	defer cancel()
	rows, err := r.outbox.oldest(ctx, 1)
	if err != nil {
		return err
	}
	var oldest time.Time
	if len(rows) > 0 {
		oldest = rows[0].event.Time
	}
	r.metrics.oldest.Store(&oldest)
	users, err := r.outbox.countParked(ctx)
	if err != nil {
		return err
	}
	r.metrics.parked.Set(float64(users))
	return nil
}

func (o *outbox) countParked(ctx context.Context) (users int, err error) {
	if err := o.db.QueryRowContext(ctx, "SELECT COUNT(*) FROM ums_outbox_parked").Scan(&users); err != nil {
		return 0, fmt.Errorf("count the parked users: %w", err)
	}
	return users, nil
}
