package lease

import (
	"context"
	"errors"
	"time"
)

// releaseTimeout bounds the giving up of a lease; one that is not given up ends by itself.
const releaseTimeout = time.Second

// hold calls lead and renews the lease meanwhile. It returns whether the lease was lost, and what lead returned.
func (l *Lease) hold(ctx context.Context, until time.Time, lead func(context.Context) error) (lost bool, err error) {
	leading, end := context.WithCancelCause(ctx)
	defer end(nil)
	expiry := time.AfterFunc(time.Until(until), func() { end(ErrLost) })
	defer expiry.Stop()
	renewed := make(chan struct{})
	go func() {
		defer close(renewed)
		l.renew(leading, until, func(until time.Time) { expiry.Reset(time.Until(until)) }, end)
	}()
	err = lead(leading)
	lost = errors.Is(context.Cause(leading), ErrLost) && ctx.Err() == nil
	end(nil)
	<-renewed
	l.release(ctx)
	return lost, err
}

// renew extends the lease until ctx ends, and ends it where the lease has become another's.
func (l *Lease) renew(ctx context.Context, until time.Time, extended func(until time.Time), end context.CancelCauseFunc) {
	for pause := l.duration / 3; ; {
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		sent := time.Now()
		held, err := l.extendWithin(ctx, until)
		switch {
		case err != nil:
			l.logger.DebugContext(ctx, "the lease was not renewed yet", "error", err)
			pause = l.duration / 10
		case !held:
			end(ErrLost)
			return
		default:
			until = l.certain(sent)
			extended(until)
			pause = l.duration / 3
		}
	}
}

func (l *Lease) extendWithin(ctx context.Context, until time.Time) (held bool, err error) {
	ctx, cancel := context.WithDeadline(ctx, until)
	defer cancel()
	return l.extend(ctx)
}

// release gives the lease up, so that the next holder need not wait for its end.
func (l *Lease) release(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTimeout)
	defer cancel()
	if err := l.giveUp(ctx); err != nil {
		l.logger.DebugContext(ctx, "the lease was not given up and ends by itself", "error", err)
	}
}
