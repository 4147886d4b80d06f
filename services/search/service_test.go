package search_test

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/glarimy/ums/migrations/migrationstest"
	"github.com/glarimy/ums/services/search"
	"github.com/glarimy/ums/shared/bus"
	"github.com/glarimy/ums/shared/cursor"
	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/enginetest"
	"github.com/glarimy/ums/shared/httpserver"
	"github.com/glarimy/ums/shared/openapitest"
	"github.com/glarimy/ums/shared/readevents"
	"github.com/glarimy/ums/shared/servicetest"
	"github.com/glarimy/ums/shared/wiring"
)

// backend is a database with the newest schema and no users, and the test's own way to it.
type backend struct {
	sqlURL string
	engine *enginetest.SQL
	db     *database.DB
}

// onEach runs a test on a new database of each kind.
func onEach(t *testing.T, test func(t *testing.T, b *backend)) {
	t.Helper()
	for name, engine := range map[string]func(testing.TB) *enginetest.SQL{"MySQL": enginetest.MySQL, "SQLite": enginetest.SQLite} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, newBackend(t, engine(t)))
		})
	}
}

func newBackend(tb testing.TB, engine *enginetest.SQL) *backend {
	tb.Helper()
	migrationstest.Up(tb, engine.URL)
	return &backend{sqlURL: engine.URL, engine: engine, db: servicetest.OpenDB(tb, engine.URL)}
}

// account is a user as the tests write it to the table.
type account struct {
	name  string
	phone uint64
	since time.Time
}

// joined is when the tests' users joined, unless they say otherwise.
func joined() time.Time { return time.Date(2022, 9, 12, 10, 0, 0, 0, time.UTC) }

// insert adds users, all of them or none.
func (b *backend) insert(tb testing.TB, accounts ...account) {
	tb.Helper()
	if err := b.add(accounts...); err != nil {
		tb.Fatal(err)
	}
}

// add is insert for another goroutine.
func (b *backend) add(accounts ...account) error {
	const most = 500 // rows of a statement
	return b.db.InTx(context.Background(), func(tx *sql.Tx) error {
		for some := range slices.Chunk(accounts, most) {
			args := make([]any, 0, 3*len(some))
			for _, a := range some {
				args = append(args, a.name, a.phone, b.db.Dialect.Time(a.since))
			}
			statement := "INSERT INTO ums_users (name, phone, since) VALUES " + strings.Repeat(", (?, ?, ?)", len(some))[2:]
			if _, err := tx.ExecContext(context.Background(), statement, args...); err != nil {
				return err
			}
		}
		return nil
	})
}

// remove deletes one user.
func (b *backend) remove(tb testing.TB, name string) {
	tb.Helper()
	if err := b.delete(name); err != nil {
		tb.Fatal(err)
	}
}

// delete is remove for another goroutine.
func (b *backend) delete(name string) error {
	return b.db.InTx(context.Background(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(context.Background(), "DELETE FROM ums_users WHERE name = ?", name)
		return err
	})
}

// options are how a service differs from one with its defaults.
type options struct {
	sqlURL    string // another way to the database
	keys      string // of the cursors
	timeout   time.Duration
	accessLog string
	bus       bus.Publisher
	reads     readevents.Config
}

// service is a running search service.
type service struct {
	url       string
	admin     string
	transport http.RoundTripper
	ready     func() error
}

// key returns a cursor key that differs for each seed.
func key(seed byte) string {
	return base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{seed}, cursor.KeySize))
}

// start runs a service until tb ends. It fails tb if the service does not stop well, or logs a phone number.
func start(tb testing.TB, b *backend, o options) *service {
	tb.Helper()
	db := b.db
	if o.sqlURL != "" {
		db = servicetest.OpenDB(tb, o.sqlURL)
	}
	logs := &servicetest.Logbook{Secret: phonePrefix}
	logger := logs.Logger()
	parts := wiring.NewParts(db, logger, prometheus.NewRegistry())
	server, err := search.New(search.Config{
		Config: httpserver.Config{Addr: "127.0.0.1:0", AdminAddr: "127.0.0.1:0", ShutdownTimeout: time.Minute, AccessLog: cmp.Or(o.accessLog, "all")},
		Pages:  search.PagesConfig{CursorKeys: cmp.Or(o.keys, key(1)), Timeout: cmp.Or(o.timeout, time.Minute)},
		Reads:  o.reads,
	}, search.Dependencies{Parts: parts, Bus: o.bus})
	if err != nil {
		tb.Fatal(err)
	}
	servicetest.Serve(tb, server, logs)
	return &service{
		url: "http://" + server.Addr(), admin: "http://" + server.AdminAddr(), ready: parts.Schema.Ready,
		transport: openapitest.MustLoad(tb, []byte(search.OpenAPI)).Watch(tb, server.Addr(), &http.Transport{DisableKeepAlives: true}),
	}
}

// phonePrefix is what the phone numbers of the tests begin with that look for them in the log.
const phonePrefix = "97314231"
