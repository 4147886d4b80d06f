package relay

import (
	"context"
	"time"
)

const (
	cleanInterval = time.Minute
	cleanBatch    = 500
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

// clean removes a batch at a time by primary key, and rests between them for as long as one took.
func (r *Relay) clean(ctx context.Context) error {
	for {
		began := time.Now()
		old, err := r.outbox.published(ctx, r.now().Add(-r.retention), cleanBatch)
		if err != nil || len(old) == 0 {
			return err
		}
		if err := r.outbox.remove(ctx, old); err != nil {
			return err
		}
		r.metrics.removed.Add(float64(len(old)))
		if len(old) < cleanBatch {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Since(began)):
		}
	}
}
