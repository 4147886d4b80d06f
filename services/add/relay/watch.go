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
	for {
		began := time.Now()
		if err := r.look(ctx); err != nil && ctx.Err() == nil {
			r.logger.DebugContext(ctx, "the outbox cannot be looked at", "error", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(max(watchInterval, lookShare*time.Since(began))):
		}
	}
}

// look reads how the outbox stands. Where it cannot, the lag goes on growing from what was seen last.
func (r *Relay) look(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, markTimeout)
	defer cancel()
	rows, err := r.outbox.oldest(ctx, 0, 1)
	if err != nil {
		return err
	}
	var oldest time.Time
	if len(rows) > 0 {
		oldest = rows[0].event.Time
	}
	r.metrics.oldest.Store(&oldest)
	events, err := r.outbox.countWaiting(ctx)
	if err != nil {
		return err
	}
	r.metrics.waiting.Set(float64(events))
	users, err := r.outbox.countParked(ctx)
	if err != nil {
		return err
	}
	r.metrics.parked.Set(float64(users))
	return nil
}

func (o *outbox) countWaiting(ctx context.Context) (events int, err error) {
	const query = "SELECT COUNT(*) FROM ums_outbox WHERE published_at IS NULL"
	if err := o.db.QueryRowContext(ctx, query).Scan(&events); err != nil {
		return 0, fmt.Errorf("count the waiting events: %w", err)
	}
	return events, nil
}

func (o *outbox) countParked(ctx context.Context) (users int, err error) {
	if err := o.db.QueryRowContext(ctx, "SELECT COUNT(*) FROM ums_outbox_parked").Scan(&users); err != nil {
		return 0, fmt.Errorf("count the parked users: %w", err)
	}
	return users, nil
}
