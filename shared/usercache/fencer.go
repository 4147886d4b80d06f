package usercache

import (
	"context"
	"errors"
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
	fence := &Fence{fencer: f, key: Key(name), value: fencePrefix + newToken()}
	f.trace.reach(ctx, stepFence)
	if err := set(ctx, f.client, fence.key, fence.value, f.time); err != nil {
		fence.err = fmt.Errorf("fence a user in the cache: %w", err)
	}
	return fence
}

// Fence is the fence of one write. It is for one goroutine at a time, and ends with one call of Release or Abandon.
type Fence struct {
	fencer *Fencer
	key    string
	value  string
	err    error
}

// Err returns why Redis did not confirm the fence, or nil if it did. The write goes on either way.
func (f *Fence) Err() error { return f.err }

// errLost says that the fence did not stand to the end.
var errLost = errors.New("the fence was gone before its time")

// releaseAttempts is how often a release is tried. To repeat one is safe: a fence that Redis confirmed is never set
// again.
const releaseAttempts = 2

// Release lets readers fill again, after the database confirmed COMMIT or ROLLBACK and before the write is answered.
// It goes on when ctx has ended. The error, for a log, tells that readers may not have been kept from old users: it is
// counted, and the event of the write will repair it.
func (f *Fence) Release(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx)
	f.fencer.trace.reach(ctx, stepRelease)
	err := f.release(ctx)
	for n := 1; err != nil && err != errLost && n < releaseAttempts; n++ {
		if err = f.release(ctx); err == errLost {
			err = nil // the attempt before may have deleted it
		}
	}
	switch {
	case err == nil:
		return nil
	case err == errLost:
		f.fencer.metrics.lost.Inc()
	case f.err != nil:
		f.fencer.metrics.unfenced.Inc()
	default:
		f.fencer.metrics.unreleased.Inc()
	}
	return fmt.Errorf("release a user in the cache: %w", err)
}

func (f *Fence) release(ctx context.Context) error {
	if f.err != nil {
		// The fence may still arrive, and then stand for a later writer's that it took the place of.
		return deleteScript.Run(ctx, f.fencer.client, []string{f.key}).Err()
	}
	stood, err := releaseScript.Run(ctx, f.fencer.client, []string{f.key}, f.value).Int()
	if err == nil && stood == releasedLost {
		return errLost
	}
	return err
}

// Abandon leaves the fence standing until it expires, for a transaction whose outcome is unknown.
func (f *Fence) Abandon() {
	if f.err != nil {
		f.fencer.metrics.unfenced.Inc()
		return
	}
	f.fencer.metrics.unreleased.Inc()
}
