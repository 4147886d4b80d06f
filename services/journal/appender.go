package journal

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/glarimy/ums/shared/bus"
	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/lease"
)

const (
	leaseName = "journal" // the row of ums_lease
	groupName = "journal" // the group of the bus
)

// AppendConfig is what an operator can set of the appending.
type AppendConfig struct {
	// LeaseTime is how long an appender leads without renewing its lease: after so long another takes over from one that
	// died (default 3 s, at least 10 ms).
	LeaseTime time.Duration `env:"JOURNAL_LEASE_TIME"`
}

func (c AppendConfig) leaseTime() (time.Duration, error) {
	const least = 10 * time.Millisecond
	d := cmp.Or(c.LeaseTime, lease.DefaultDuration)
	if d < least {
		return 0, fmt.Errorf("JOURNAL_LEASE_TIME is %s: give at least %s", d, least)
	}
	return d, nil
}

// appender is one candidate for appending to the journal. Any number of processes may each run one.
type appender struct {
	db       *database.DB
	bus      bus.Consumer // nil: the outbox alone
	lease    *lease.Lease
	ledger   *ledger
	outbox   outbox
	logger   *slog.Logger
	now      func() time.Time
	metrics  *metrics
	appended func() // is called when there is something new in the journal
}

func newAppender(c AppendConfig, d Dependencies, m *metrics, appended func()) (*appender, error) {
	duration, err := c.leaseTime()
	if err != nil {
		return nil, err
	}
	logger := d.Logger.With("task", "appender")
	a := &appender{
		db: d.DB, bus: d.Bus, outbox: outbox{db: d.DB}, logger: logger, now: d.Now, metrics: m, appended: appended,
		lease: lease.New(d.DB, lease.Options{Name: leaseName, Duration: duration, Logger: logger}),
	}
	a.ledger = &ledger{lease: a.lease, dialect: d.DB.Dialect}
	return a, nil
}

// run takes part in the election and appends while it leads, until ctx ends. Neither a database nor a bus that is away
// ends it.
func (a *appender) run(ctx context.Context) error { return a.lease.Run(ctx, a.lead) }

// lead appends until ctx ends, which is when the lease does or the program. What is in the outbox already comes first: the
// bus may have events of it that are newer.
func (a *appender) lead(ctx context.Context) error {
	a.metrics.leader.Set(1)
	defer a.metrics.leader.Set(0)
	t := &term{appender: a}
	if err := t.repeat(ctx, t.start); err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return t.repeat(ctx, t.walk) })
	if a.bus != nil {
		group.Go(func() error { return t.consume(ctx) })
	}
	return group.Wait()
}
