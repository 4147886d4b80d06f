// Package relay brings the outbox to the event bus. Writers leave their events in ums_outbox and never wait for it.
//
// The outbox is a queue, not a log that is read from an offset: the relay takes the oldest rows that are not published
// yet, publishes them outside of any transaction, and marks them by primary key. So a transaction that took a lower
// number and commits later is not passed over, and a bus that hangs locks nothing. One relay at a time leads, by a lease,
// which keeps each user's events in order. A relay that dies between publishing and marking has its events sent once
// more, with the same ids.
//
// A row that the bus refuses parks its own user: his events wait, are tried again after a while, and are left out of
// what is taken for the others.
package relay

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/glarimy/ums/shared/bus"
	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/lease"
)

// leaseName is the row of ums_lease.
const leaseName = "relay"

// Config is what an operator can set of the relay. A field left zero has its default.
type Config struct {
	// LeaseTime is how long a relay leads without renewing its lease: after so long another takes over from one that
	// died (default 3 s, at least 10 ms).
	LeaseTime time.Duration `env:"RELAY_LEASE_TIME"`

	// Retention is how long published rows stay in the outbox, for the journal to compare itself with (default 72 h). Those
	// that it does not have yet stay until it does, up to 30 days.
	Retention time.Duration `env:"OUTBOX_RETENTION"`
}

const (
	defaultRetention = 72 * time.Hour
	leastLeaseTime   = 10 * time.Millisecond
)

func (c Config) withDefaults() (Config, error) {
	c.LeaseTime = cmp.Or(c.LeaseTime, lease.DefaultDuration)
	c.Retention = cmp.Or(c.Retention, defaultRetention)
	if c.LeaseTime < leastLeaseTime {
		return c, fmt.Errorf("RELAY_LEASE_TIME is %s: give at least %s", c.LeaseTime, leastLeaseTime)
	}
	if c.Retention < 0 {
		return c, fmt.Errorf("OUTBOX_RETENTION is %s: give how long published events are kept, such as 72h", c.Retention)
	}
	return c, nil
}

// Dependencies are what the relay is given. All of them are required and stay the caller's to close.
type Dependencies struct {
	DB       *database.DB
	Bus      bus.Publisher
	Logger   *slog.Logger
	Registry prometheus.Registerer
	Now      func() time.Time
}

// Relay is one candidate for bringing the outbox to the bus. Any number of processes may each run one.
type Relay struct {
	outbox    *outbox
	bus       bus.Publisher
	lease     *lease.Lease
	retention time.Duration
	logger    *slog.Logger
	now       func() time.Time
	metrics   *metrics
}

// New returns a relay, to be run once. The error says what is wrong with the configuration.
func New(c Config, d Dependencies) (*Relay, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	m, err := newMetrics(d.Registry, d.Now)
	if err != nil {
		return nil, fmt.Errorf("register the metrics of the relay: %w", err)
	}
	logger := d.Logger.With("task", "relay")
	return &Relay{
		outbox:    &outbox{db: d.DB},
		bus:       d.Bus,
		lease:     lease.New(d.DB, lease.Options{Name: leaseName, Duration: c.LeaseTime, Logger: logger}),
		retention: c.Retention,
		logger:    logger,
		now:       d.Now,
		metrics:   m,
	}, nil
}

// Run takes part in the election and works while it leads, until ctx ends. Neither a database nor a bus that is away
// ends it.
func (r *Relay) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return r.lease.Run(ctx, r.lead) })
	group.Go(func() error { return r.watch(ctx) })
	return group.Wait()
}

// lead works until ctx ends, which is when the lease does or the program.
func (r *Relay) lead(ctx context.Context) error {
	r.metrics.leader.Set(1)
	defer r.metrics.leader.Set(0)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return (&term{Relay: r}).run(ctx) })
	group.Go(func() error { return r.cleanRegularly(ctx) })
	return group.Wait()
}
