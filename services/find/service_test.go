package find_test

import (
	"cmp"
	"database/sql"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/glarimy/ums/migrations/migrationstest"
	"github.com/glarimy/ums/services/find"
	"github.com/glarimy/ums/shared/bus"
	"github.com/glarimy/ums/shared/bus/transport"
	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/enginetest"
	"github.com/glarimy/ums/shared/httpserver"
	"github.com/glarimy/ums/shared/openapitest"
	"github.com/glarimy/ums/shared/readevents"
	"github.com/glarimy/ums/shared/servicetest"
	"github.com/glarimy/ums/shared/user"
	"github.com/glarimy/ums/shared/usercache"
	"github.com/glarimy/ums/shared/userdb"
	"github.com/glarimy/ums/shared/wiring"
)

// backends are what a service reads, and the test's own way to it.
type backends struct {
	sqlURL   string
	redisURL string
	db       *database.DB
	redis    redis.UniversalClient
}

// onEach runs a test on new backends of each kind: MySQL and Redis, SQLite and a Redis inside the process.
func onEach(t *testing.T, test func(t *testing.T, b *backends)) {
	t.Helper()
	t.Run("MySQL", func(t *testing.T) {
		t.Parallel()
		test(t, newBackends(t, enginetest.MySQL(t).URL, enginetest.Redis(t).URL))
	})
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		test(t, onSQLite(t))
	})
}

func onSQLite(t *testing.T) *backends {
	t.Helper()
	return newBackends(t, enginetest.SQLite(t).URL, "redis://"+miniredis.RunT(t).Addr())
}

func newBackends(t *testing.T, sqlURL, redisURL string) *backends {
	t.Helper()
	db := servicetest.OpenDB(t, sqlURL)
	migrationstest.Up(t, sqlURL)
	return &backends{sqlURL: sqlURL, redisURL: redisURL, db: db, redis: dial(t, redisURL, servicetest.Patience)}
}

func dial(t *testing.T, url string, timeout time.Duration) redis.UniversalClient {
	t.Helper()
	client, err := usercache.Open(url, timeout)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// phone is the number of the tests' users; more numbers begin with phonePrefix too.
const (
	phone       = 9731423166
	phonePrefix = "97314231"
)

// since is when the tests' users joined.
func since() time.Time { return time.Date(2022, 9, 12, 10, 0, 0, 0, time.UTC) }

// insert stores a user, behind the cache's back.
func (b *backends) insert(t *testing.T, name string, joined time.Time) user.User {
	t.Helper()
	n, err := user.NewName(name)
	if err != nil {
		t.Fatal(err)
	}
	p, err := user.NewPhoneNumber(phone)
	if err != nil {
		t.Fatal(err)
	}
	u := user.New(n, p, joined)
	b.write(t, func(users *userdb.Repository) error { return users.Add(t.Context(), u) })
	return u
}

// delete removes a user, behind the cache's back.
func (b *backends) delete(t *testing.T, name user.Name) {
	t.Helper()
	b.write(t, func(users *userdb.Repository) error {
		_, err := users.Remove(t.Context(), name, nil)
		return err
	})
}

func (b *backends) write(t *testing.T, do func(*userdb.Repository) error) {
	t.Helper()
	err := b.db.InTx(t.Context(), func(tx *sql.Tx) error { return do(userdb.New(tx, b.db.Dialect)) })
	if err != nil {
		t.Fatal(err)
	}
}

// forget deletes what the cache holds of a user, as the event of a write does.
func (b *backends) forget(t *testing.T, name user.Name) {
	t.Helper()
	if err := b.redis.Del(t.Context(), usercache.Key(name)).Err(); err != nil {
		t.Fatal(err)
	}
}

// cached waits for the cache to hold a value of some kind, as a client may be answered before it does.
func (b *backends) cached(t *testing.T, name user.Name, prefix string) {
	t.Helper()
	servicetest.Eventually(t, "the cache holds "+prefix, func() bool {
		return strings.HasPrefix(b.redis.Get(t.Context(), usercache.Key(name)).Val(), prefix)
	})
}

// options are how a service differs from one with its defaults.
type options struct {
	sqlURL string // another way to the database
	cache  usercache.Config
	early  bool   // do not wait until it is ready
	events string // EVENTS_URL
	reads  readevents.Config

	// redisTimeout is that of the service's calls; 0 is one that no busy machine reaches.
	redisTimeout time.Duration
}

// service is a running find service.
type service struct {
	*backends
	client *http.Client
	url    string
	admin  string
}

// start runs a service until t ends, and waits until it is ready. It fails t if the service does not stop well, or logs a phone number.
func start(t *testing.T, b *backends, o options) *service {
	t.Helper()
	db := b.db
	if o.sqlURL != "" {
		db = servicetest.OpenDB(t, o.sqlURL)
	}
	logs := &servicetest.Logbook{Secret: phonePrefix}
	logger := logs.Logger()
	registry := prometheus.NewRegistry()
	d := find.Dependencies{
		Parts: wiring.NewParts(db, logger, registry), Redis: dial(t, b.redisURL, cmp.Or(o.redisTimeout, servicetest.Patience)),
	}
	if o.events != "" {
		d.Bus = openBus(t, o.events, transport.Dependencies{Logger: logger, Registry: registry})
	}
	server, err := find.New(find.Config{
		Config: httpserver.Config{Addr: "127.0.0.1:0", AdminAddr: "127.0.0.1:0", ShutdownTimeout: time.Minute, AccessLog: "all"},
		Cache:  o.cache, Reads: o.reads,
	}, d)
	if err != nil {
		t.Fatal(err)
	}
	servicetest.Serve(t, server, logs)
	client := &http.Client{Transport: openapitest.MustLoad(t, []byte(find.OpenAPI)).Watch(t, server.Addr(), &http.Transport{MaxIdleConnsPerHost: 100}), CheckRedirect: noRedirect}
	t.Cleanup(client.CloseIdleConnections)
	s := &service{backends: b, client: client, url: "http://" + server.Addr(), admin: "http://" + server.AdminAddr()}
	if !o.early {
		servicetest.Eventually(t, "the service is ready", func() bool { return s.get(t, "/readyz").status == http.StatusOK })
	}
	return s
}

func openBus(t *testing.T, url string, d transport.Dependencies) bus.Bus {
	t.Helper()
	events, err := transport.Config{URL: url}.Open(d)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = events.Close() })
	return events
}

func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
