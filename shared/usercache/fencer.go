package usercache

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/glarimy/ums/shared/user"
)

// Fencer keeps the cache out of the way of writes. It is safe for concurrent use. Make one with [NewFencer].
//
// A write goes
//
//	begin a transaction, which ends within FenceConfig.TransactionTimeout
//	change the row                              // its lock is held from here on
//	fence := fencer.Fence(ctx, name)
//	write what else belongs to it
//	COMMIT or ROLLBACK
//	fence.Release(ctx), or fence.Abandon() where the outcome is unknown
//	answer
//
// A write that turns out to change nothing needs no fence. A transaction that is tried again fences again.
type Fencer struct {
	client  redis.UniversalClient
	time    time.Duration
	metrics *fenceMetrics
	trace   tracer
}

// NewFencer returns a fencer whose metrics are in registry. The client's calls should be as short as those of a client
// from [Open] with [WriteTimeout], for a row is locked meanwhile.
func NewFencer(
	client redis.UniversalClient, config FenceConfig, registry prometheus.Registerer,
) (*Fencer, error) {
	config, err := config.withDefaults()
	if err != nil {
		return nil, err
	}
	m, err := newFenceMetrics(registry)
	if err != nil {
		return nil, fmt.Errorf("usercache: %w", err)
	}
	return &Fencer{client: client, time: config.FenceTime, metrics: m}, nil
}

// Fence puts a fence in place of whatever is cached of the user called name. It must be called after the row was
// changed and before COMMIT. It never stands in the way of a write: where Redis does not confirm the fence, Err tells,
// and the release makes up for it if it can.
func (f *Fencer) Fence(ctx context.Context, name user.Name) *Fence {
	fence := f.newFence(name)
	f.trace.reach(ctx, stepFence)
	fence.settle(set(ctx, f.client, fence.key, fence.value, f.time))
	return fence
}

func (f *Fencer) newFence(name user.Name) *Fence {
	return &Fence{fencer: f, key: Key(name), value: fencePrefix + newToken()}
}

// Fence is the fence of one write. It is for one goroutine at a time, and ends with one call of Release or Abandon, or of
// [Fencer.ReleaseAll].
type Fence struct {
	fencer *Fencer
	key    string
	value  string
	err    error
}

// settle notes whether Redis confirmed the fence.
func (f *Fence) settle(err error) {
	if err != nil {
		f.err = fmt.Errorf("fence a user in the cache: %w", err)
	}
}

// Err returns why Redis did not confirm the fence, or nil if it did. The write goes on either way.
func (f *Fence) Err() error { return f.err }

// releaseAttempts is how often a release is tried. To repeat one is safe: a fence that Redis confirmed is never set
// again.
const releaseAttempts = 2

// Release lets readers fill again, after the database confirmed COMMIT or ROLLBACK and before the write is answered.
// It goes on when ctx has ended. The error, for a log, tells that the key was not deleted: the fence stands until it
// expires if Redis confirmed it, and otherwise readers may be given the old user until the event of the write arrives.
// Both are counted.
func (f *Fence) Release(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx)
	f.fencer.trace.reach(ctx, stepRelease)
	var err error
	for range releaseAttempts {
		if err = f.release(ctx); err == nil {
			return nil
		}
	}
	f.Abandon()
	return fmt.Errorf("release a user in the cache: %w", err)
}

func (f *Fence) release(ctx context.Context) error {
	script, args := f.script()
	found, err := script.Run(ctx, f.fencer.client, []string{f.key}, args...).Int()
	if err == nil {
		f.released(found)
	}
	return err
}

// script returns what releases the fence.
func (f *Fence) script() (s *redis.Script, args []any) {
	if f.err != nil {
		// The fence may still arrive, and then stand where a later writer's fence stood: it is not ours to delete.
		return deleteScript, nil
	}
	return releaseScript, []any{f.value}
}

// released counts what a release found.
func (f *Fence) released(found int) {
	if f.err == nil && found == releasedGone {
		f.fencer.metrics.gone.Inc()
	}
}

// Abandon leaves the fence standing until it expires, for a transaction whose outcome is unknown.
func (f *Fence) Abandon() {
	if f.err != nil {
		f.fencer.metrics.unfenced.Inc()
	} else {
		f.fencer.metrics.unreleased.Inc()
	}
}
