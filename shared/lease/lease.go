// Package lease lets one process at a time do a thing: the one that holds a row of ums_lease, until it gives it up or
// does not renew it in time. The clock is the database's, so those of the processes need not agree.
package lease

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"time"

	"github.com/google/uuid"

	"github.com/glarimy/ums/shared/database"
)

// ErrLost is the cause of the end of a leader's context where its lease was not renewed in time, or taken away.
var ErrLost = errors.New("the lease is lost")

// DefaultDuration is how long a lease lasts where nothing else is said.
const DefaultDuration = 3 * time.Second

// Options of a [Lease].
type Options struct {
	Name     string        // what is led: the row of ums_lease
	Duration time.Duration // how long it lasts without being renewed; 0 is DefaultDuration, less than 10 ms makes no sense
	Logger   *slog.Logger  // nil is silence
}

// Lease is one candidate for one lease. Use it from one goroutine at a time.
type Lease struct {
	db       *database.DB
	name     string
	holder   string
	duration time.Duration
	logger   *slog.Logger
	trouble  bool // the database did not answer the last time
}

// New returns a candidate. It does not touch the database.
func New(db *database.DB, o Options) *Lease {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Lease{
		db: db, name: o.Name, holder: newHolder(), duration: cmp.Or(o.Duration, DefaultDuration),
		logger: o.Logger.With("lease", o.Name),
	}
}

// newHolder tells people where the holder is, and is never given twice: a process that comes back is another.
func newHolder() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return fmt.Sprintf("%s/%d/%s", host, os.Getpid(), uuid.NewString())
}

// Run waits for the lease and calls lead while it is held, again and again until ctx ends or lead returns by itself. It
// returns what lead returned in the latter case, and otherwise the end of ctx.
//
// The context of lead ends, with the cause [ErrLost], before the lease can be another's; lead must return soon after.
// A process that was stopped as a whole may notice later than that, so whatever a leader does outside of [Lease.InTx] must
// be harmless when two do it. A database that does not answer is tried again.
func (l *Lease) Run(ctx context.Context, lead func(ctx context.Context) error) error {
	for {
		until, err := l.wait(ctx)
		if err != nil {
			return err
		}
		l.logger.InfoContext(ctx, "leading", "holder", l.holder)
		lost, err := l.hold(ctx, until, lead)
		if !lost {
			return err
		}
		l.logger.WarnContext(ctx, "no longer leading: the lease was not renewed in time, or taken away")
	}
}

// wait returns when the lease is held, and until when that is certain.
func (l *Lease) wait(ctx context.Context) (until time.Time, err error) {
	for {
		until, held := l.try(ctx)
		if held {
			return until, nil
		}
		select {
		case <-ctx.Done():
			return time.Time{}, ctx.Err()
		case <-time.After(l.pause()):
		}
	}
}

// pause is the time between two attempts: a quarter of the lease, and not the same for all candidates.
func (l *Lease) pause() time.Duration {
	return l.duration/5 + rand.N(l.duration/10)
}

func (l *Lease) try(ctx context.Context) (until time.Time, held bool) {
	sent := time.Now()
	ctx, cancel := context.WithTimeout(ctx, l.duration)
	defer cancel()
	held, err := l.acquire(ctx)
	l.tell(ctx, err)
	return l.certain(sent), held && err == nil && time.Now().Before(l.certain(sent))
}

// certain returns until when a lease is held whose statement was sent at a moment: the database set its end later than
// that, by a clock that runs about as fast. The fifth that is left out is for the leader to notice.
func (l *Lease) certain(sent time.Time) time.Time { return sent.Add(l.duration - l.duration/5) }

// tell logs that the database is away, once, and that it is back.
func (l *Lease) tell(ctx context.Context, err error) {
	trouble := err != nil && !errors.Is(err, context.Canceled)
	switch {
	case trouble && !l.trouble:
		l.logger.WarnContext(ctx, "the lease cannot be asked for; trying again", "error", err)
	case !trouble && l.trouble:
		l.logger.InfoContext(ctx, "the lease can be asked for again")
	}
	l.trouble = trouble
}
