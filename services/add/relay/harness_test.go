package relay_test

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/glarimy/ums/migrations/migrationstest"
	"github.com/glarimy/ums/services/add/relay"
	"github.com/glarimy/ums/shared/bus"
	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/enginetest"
	"github.com/glarimy/ums/shared/event"
	"github.com/glarimy/ums/shared/servicetest"
)

// TestMain lets the test program be a relay of its own, for tests that kill one.
func TestMain(m *testing.M) {
	if mode := os.Getenv(processMode); mode != "" {
		os.Exit(process(mode))
	}
	os.Exit(m.Run())
}

// store is a database with the schema of this tree.
type store struct {
	url string
	db  *database.DB
}

// onEach runs a test on a new database of each kind.
func onEach(t *testing.T, test func(t *testing.T, s store)) {
	t.Helper()
	t.Run("MySQL", func(t *testing.T) { t.Parallel(); test(t, onMySQL(t)) })
	t.Run("SQLite", func(t *testing.T) { t.Parallel(); test(t, onSQLite(t)) })
}

func onMySQL(t *testing.T) store { t.Helper(); return newStore(t, enginetest.MySQL(t).URL) }

func onSQLite(t *testing.T) store { t.Helper(); return newStore(t, enginetest.SQLite(t).URL) }

// another returns a new database of the same kind.
func (s store) another(t *testing.T) store {
	t.Helper()
	if s.db.Dialect == database.SQLite {
		return onSQLite(t)
	}
	return onMySQL(t)
}

func newStore(t *testing.T, raw string) store {
	t.Helper()
	migrationstest.Up(t, raw)
	return store{url: raw, db: servicetest.OpenDB(t, raw)}
}

const insert = "INSERT INTO ums_outbox (id, aggregatetype, aggregateid, type, payload, occurred_at) VALUES (?, 'user', ?, ?, ?, ?)"

// write puts one event of a user into the outbox, in a transaction of its own, and returns its id.
func (s store) write(t *testing.T, user string) string { t.Helper(); return s.writeAll(t, user)[0] }

// writeAll puts one event of each of these users into the outbox, in one transaction, and returns their ids.
func (s store) writeAll(t *testing.T, users ...string) []string {
	t.Helper()
	ids := make([]string, len(users))
	err := s.db.InTx(t.Context(), func(tx *sql.Tx) error {
		for i, user := range users {
			var err error
			if ids[i], err = s.insert(t.Context(), tx, user); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatalf("write events: %v", err)
	}
	return ids
}

func (s store) insert(ctx context.Context, tx *sql.Tx, user string) (id string, err error) {
	id = uuid.NewString()
	_, err = tx.ExecContext(ctx, insert, id, user, event.TypeChanged, `{"phone":9731423166}`, s.db.Dialect.Time(time.Now()))
	return id, err
}

// number is the one number that a query returns.
func (s store) number(t *testing.T, query string, args ...any) (n int) {
	t.Helper()
	if err := s.db.QueryRowContext(t.Context(), query, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

func (s store) unpublished(t *testing.T) int {
	t.Helper()
	return s.number(t, "SELECT COUNT(*) FROM ums_outbox WHERE published_at IS NULL")
}

func (s store) execute(t *testing.T, statement string, args ...any) {
	t.Helper()
	err := s.db.InTx(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(t.Context(), statement, args...)
		return err
	})
	if err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// busFunc is a bus of a test's own.
type busFunc func(ctx context.Context, events []event.Event) []error

func (f busFunc) Publish(ctx context.Context, events []event.Event) []error { return f(ctx, events) }

// endOfLease is the statement that makes the lease end of a relay that has died.
func (s store) endOfLease() string {
	return "UPDATE ums_lease SET expires_at = " + s.db.Dialect.Now() + " WHERE name = 'relay'"
}

// memory is a bus that keeps what it takes. It is safe for concurrent use.
type memory struct {
	mu     sync.Mutex
	events []event.Event
	fault  func(event.Event) error // why an event is not taken; nil takes it
}

func (m *memory) Publish(_ context.Context, events []event.Event) []error {
	m.mu.Lock()
	defer m.mu.Unlock()
	results := make([]error, len(events))
	held := map[string]error{}
	for i, e := range events {
		if held[e.User] != nil {
			results[i] = bus.ErrHeldBack
			continue
		}
		if m.fault != nil {
			results[i] = m.fault(e)
		}
		if results[i] != nil {
			held[e.User] = results[i]
			continue
		}
		m.events = append(m.events, e)
	}
	return results
}

// refuse makes the bus refuse what a function says, from now on.
func (m *memory) refuse(fault func(event.Event) error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fault = fault
}

// accept makes the bus take everything, from now on.
func (m *memory) accept() { m.refuse(nil) }

// asRefusal makes an error one that is the event's fault.
func asRefusal(err error) error { return &bus.RefusedError{Err: err} }

func refusing(user string) func(event.Event) error {
	return func(e event.Event) error {
		if e.User == user {
			return asRefusal(errors.New("it is not wanted"))
		}
		return nil
	}
}

// ids returns the ids of what the bus has, of one user or of all, in order.
func (m *memory) ids(user string) (ids []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range m.events {
		if user == "" || e.User == user {
			ids = append(ids, e.ID)
		}
	}
	return ids
}

// longLease is a lease time that a machine which stands still does not reach: who loses his lease publishes some events again.
const longLease = 10 * time.Second

// options are how a relay differs from one with its defaults, and longLease.
type options struct {
	db     *database.DB // the store's own where it is nil
	config relay.Config
	now    func() time.Time
}

// running is a relay that runs.
type running struct {
	registry *prometheus.Registry
	stop     func()
}

// start runs a relay until t ends.
func start(t *testing.T, s store, b bus.Publisher, o options) running {
	t.Helper()
	if o.db == nil {
		o.db = s.db
	}
	if o.now == nil {
		o.now = time.Now
	}
	o.config.LeaseTime = cmp.Or(o.config.LeaseTime, longLease)
	registry := prometheus.NewPedanticRegistry()
	r, err := relay.New(o.config, relay.Dependencies{
		DB: o.db, Bus: b, Logger: slog.New(slog.DiscardHandler), Registry: registry, Now: o.now,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	stop := sync.OnceFunc(func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("the relay ended with %v", err)
		}
	})
	t.Cleanup(stop)
	return running{registry: registry, stop: stop}
}

// metric returns the value of a metric without labels.
func (r running) metric(t *testing.T, name string) float64 {
	t.Helper()
	families, err := r.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		m := f.GetMetric()[0]
		return m.GetGauge().GetValue() + m.GetCounter().GetValue()
	}
	t.Fatalf("there is no metric %s", name)
	return 0
}

// clock is a clock that stands until a test turns it. It is safe for concurrent use.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Now().Truncate(time.Microsecond)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) turn(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// many are n names of different users.
func many(prefix string, n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("%s %06d", prefix, i)
	}
	return names
}

// repeated is one name n times.
func repeated(name string, n int) []string {
	return strings.Split(strings.Repeat(name+"\n", n-1)+name, "\n")
}
