package journal_test

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"encoding/base64"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/glarimy/ums/migrations/migrationstest"
	"github.com/glarimy/ums/services/journal"
	"github.com/glarimy/ums/shared/bus"
	"github.com/glarimy/ums/shared/cursor"
	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/enginetest"
	"github.com/glarimy/ums/shared/event"
	"github.com/glarimy/ums/shared/httpserver"
	"github.com/glarimy/ums/shared/openapitest"
	"github.com/glarimy/ums/shared/servicetest"
	"github.com/glarimy/ums/shared/wiring"
)

// backend is a database with the newest schema, and the test's own way to it.
type backend struct {
	sqlURL string
	db     *database.DB
}

// onEach runs a test on a new database of each kind.
func onEach(t *testing.T, test func(t *testing.T, b *backend)) {
	t.Helper()
	for name, engine := range map[string]func(testing.TB) *enginetest.SQL{"MySQL": enginetest.MySQL, "SQLite": enginetest.SQLite} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, newBackend(t, engine(t).URL))
		})
	}
}

func newBackend(tb testing.TB, raw string) *backend {
	tb.Helper()
	migrationstest.Up(tb, raw)
	return &backend{sqlURL: raw, db: servicetest.OpenDB(tb, raw)}
}

// phonePrefix is what the phone numbers of the tests begin with, which no log may have.
const phonePrefix = "97314231"

const insertOutbox = "INSERT INTO ums_outbox (id, aggregatetype, aggregateid, type, payload, occurred_at) VALUES (?, 'user', ?, ?, ?, ?)"

// write puts one event of each of these users into the outbox, in one transaction, and returns their ids.
func (b *backend) write(tb testing.TB, users ...string) []string {
	tb.Helper()
	ids, err := b.add(users...)
	if err != nil {
		tb.Fatal(err)
	}
	return ids
}

// add is write for another goroutine.
func (b *backend) add(users ...string) ([]string, error) {
	ids := make([]string, len(users))
	err := b.db.InTx(context.Background(), func(tx *sql.Tx) (err error) {
		for i, user := range users {
			if ids[i], err = b.insert(tx, user); err != nil {
				return err
			}
		}
		return nil
	})
	return ids, err
}

func (b *backend) insert(tx *sql.Tx, user string) (id string, err error) {
	id = uuid.NewString()
	_, err = tx.ExecContext(context.Background(), insertOutbox, id, user, event.TypeChanged,
		`{"phone":`+phonePrefix+`66}`, b.db.Dialect.Time(time.Now()))
	return id, err
}

func (b *backend) execute(tb testing.TB, statement string, args ...any) {
	tb.Helper()
	err := b.db.InTx(context.Background(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(context.Background(), statement, args...)
		return err
	})
	if err != nil {
		tb.Fatalf("%s: %v", statement, err)
	}
}

// number is the one number that a query returns.
func (b *backend) number(tb testing.TB, query string) (n int) {
	tb.Helper()
	if err := b.db.QueryRowContext(context.Background(), query).Scan(&n); err != nil {
		tb.Fatalf("%s: %v", query, err)
	}
	return n
}

// recorded returns the ids of what is in the journal, in order.
func (b *backend) recorded(tb testing.TB) (ids []string) {
	tb.Helper()
	rows, err := b.db.QueryContext(context.Background(), "SELECT id FROM ums_journal ORDER BY position")
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			tb.Fatal(err)
		}
		ids = append(ids, id)
	}
	if err := rows.Err(); err != nil {
		tb.Fatal(err)
	}
	return ids
}

// waitFor waits until so many events are in the journal, and no more.
func (b *backend) waitFor(tb testing.TB, count int) {
	tb.Helper()
	servicetest.Eventually(tb, fmt.Sprintf("%d events are recorded", count), func() bool {
		return b.number(tb, "SELECT COUNT(*) FROM ums_journal") >= count
	})
	if n := b.number(tb, "SELECT COUNT(*) FROM ums_journal"); n != count {
		tb.Errorf("%d events are in the journal, want %d", n, count)
	}
}

// wantInOrder fails tb unless all of the outbox is in the journal, each event once, and each user's in order.
func (b *backend) wantInOrder(tb testing.TB) {
	tb.Helper()
	if n := b.number(tb, "SELECT COUNT(*) FROM ums_outbox o LEFT JOIN ums_journal j ON j.id = o.id WHERE j.id IS NULL"); n > 0 {
		tb.Errorf("%d events of the outbox are not in the journal", n)
	}
	if n := b.number(tb, "SELECT COUNT(*) FROM ums_journal a JOIN ums_journal b ON a.user = b.user "+
		"AND a.position < b.position WHERE a.sequence >= b.sequence"); n > 0 {
		tb.Errorf("%d pairs of events of one user are not in order", n)
	}
	if n := b.number(tb, "SELECT COUNT(*) FROM ums_journal a JOIN ums_journal b ON a.position < b.position "+
		"WHERE a.recorded_at > b.recorded_at AND b.position < a.position + 3"); n > 0 {
		tb.Errorf("recorded_at falls %d times", n)
	}
}

// options are how a service differs from one with its defaults.
type options struct {
	db        *database.DB // another way to the database
	bus       bus.Consumer
	keys      string
	timeout   time.Duration
	leaseTime time.Duration
	streams   journal.StreamConfig
	now       func() time.Time
}

// service is a running journal service.
type service struct {
	url      string
	ready    func() error
	registry *prometheus.Registry
	contract *openapitest.Document
	logs     *servicetest.Logbook
	stop     func()
}

// key returns a cursor key that differs for each seed.
func key(seed byte) string {
	return base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{seed}, cursor.KeySize))
}

// start runs a service until tb ends. It fails tb if the service does not stop well, or logs a phone number.
func start(tb testing.TB, b *backend, o options) *service {
	tb.Helper()
	db := b.db
	if o.db != nil {
		db = o.db
	}
	if o.now == nil {
		o.now = time.Now
	}
	o.streams.Most = cmp.Or(o.streams.Most, 100)
	o.streams.Heartbeat = cmp.Or(o.streams.Heartbeat, time.Minute)
	logs := &servicetest.Logbook{Secret: phonePrefix}
	logger := logs.Logger()
	parts := wiring.NewParts(db, logger, prometheus.NewRegistry())
	parts.Now = o.now
	server, err := journal.New(journal.Config{
		Config: httpserver.Config{Addr: "127.0.0.1:0", AdminAddr: "off", ShutdownTimeout: 20 * time.Second, AccessLog: "all"},
		Journal: journal.Settings{
			CursorKeys: cmp.Or(o.keys, key(1)), Timeout: cmp.Or(o.timeout, time.Minute),
			Append: journal.AppendConfig{LeaseTime: o.leaseTime}, Streams: o.streams,
		},
	}, journal.Dependencies{Parts: parts, Bus: o.bus})
	if err != nil {
		tb.Fatal(err)
	}
	stop := servicetest.Serve(tb, server, logs)
	return &service{
		url: "http://" + server.Addr(), ready: parts.Schema.Ready, registry: parts.Registry, logs: logs, stop: stop,
		contract: openapitest.MustLoad(tb, []byte(journal.OpenAPI)),
	}
}

// metric returns the value of a metric, summed over its labels.
func (s *service) metric(tb testing.TB, name string) (sum float64) {
	tb.Helper()
	families, err := s.registry.Gather()
	if err != nil {
		tb.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name {
			for _, m := range f.GetMetric() {
				sum += m.GetGauge().GetValue() + m.GetCounter().GetValue()
			}
			return sum
		}
	}
	tb.Fatalf("there is no metric %s", name)
	return 0
}

// line is a bus of a test's own: it hands on what the test sends, in the pieces in which it was sent, and keeps what could
// not be handled for good.
type line struct {
	pieces chan []event.Event

	mu   sync.Mutex
	dead []string // ids
	away int      // times that the handler said it cannot work
}

func newLine() *line { return &line{pieces: make(chan []event.Event, 10_000)} }

func (l *line) send(events ...event.Event) { l.pieces <- events }

// Consume implements [bus.Consumer] as the contract says it.
func (l *line) Consume(ctx context.Context, _ bus.Subscription, handle bus.Handler) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case events := <-l.pieces:
			if !l.deliver(ctx, events, handle) {
				l.pieces <- events // for the next member of the group
			}
		}
	}
}

// deliver hands events on until they are handled or dead; false where ctx ended before that.
func (l *line) deliver(ctx context.Context, events []event.Event, handle bus.Handler) bool {
	const attempts = 5
	for attempt := 0; ctx.Err() == nil; {
		switch err := handle(ctx, events); {
		case err == nil:
			return true
		case isUnavailable(err):
			l.mu.Lock()
			l.away++
			l.mu.Unlock()
		case len(events) > 1:
			for _, e := range events {
				if !l.deliver(ctx, []event.Event{e}, handle) {
					return false
				}
			}
			return true
		default:
			if attempt++; attempt == attempts {
				l.mu.Lock()
				l.dead = append(l.dead, events[0].ID)
				l.mu.Unlock()
				return true
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(10 * time.Millisecond):
		}
	}
	return false
}

func (l *line) deadLetters() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string(nil), l.dead...)
}

// read is an event that is in no outbox.
func read(user string) event.Event {
	return event.Event{
		ID: uuid.NewString(), Source: event.SourceFind, Type: event.TypeFound, User: user,
		Time: time.Now().UTC().Truncate(time.Microsecond), Data: []byte(`{"cache":"hit"}`),
	}
}

// outboxEvents returns the events of the outbox as the relay publishes them, in order.
func (b *backend) outboxEvents(tb testing.TB) (events []event.Event) {
	tb.Helper()
	rows, err := b.db.QueryContext(context.Background(), "SELECT seq, id, aggregateid, type, payload, occurred_at FROM ums_outbox ORDER BY seq")
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var seq uint64
		var at database.Time
		e := event.Event{Source: event.SourceAdd}
		if err := rows.Scan(&seq, &e.ID, &e.User, &e.Type, &e.Data, &at); err != nil {
			tb.Fatal(err)
		}
		e.Sequence, e.Time = event.Sequence(seq), at.Time
		events = append(events, e)
	}
	if err := rows.Err(); err != nil {
		tb.Fatal(err)
	}
	return events
}
