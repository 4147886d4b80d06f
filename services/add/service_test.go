package add_test

import (
	"cmp"
	"net/http"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/glarimy/ums/services/add"
	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/enginetest"
	"github.com/glarimy/ums/shared/httpserver"
	"github.com/glarimy/ums/shared/openapitest"
	"github.com/glarimy/ums/shared/servicetest"
	"github.com/glarimy/ums/shared/usercache"
	"github.com/glarimy/ums/shared/wiring"
)

// backends are what a service keeps its state in, and the test's own way to it.
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
		test(t, onMySQL(t))
	})
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		test(t, onSQLite(t))
	})
}

func onMySQL(t *testing.T) *backends {
	t.Helper()
	return newBackends(t, enginetest.MySQL(t).URL, enginetest.Redis(t).URL)
}

func onSQLite(t *testing.T) *backends {
	t.Helper()
	return newBackends(t, enginetest.SQLite(t).URL, "redis://"+miniredis.RunT(t).Addr())
}

func newBackends(t *testing.T, sqlURL, redisURL string) *backends {
	t.Helper()
	return &backends{sqlURL: sqlURL, redisURL: redisURL, db: migrated(t, sqlURL), redis: dial(t, redisURL, servicetest.Patience)}
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

// options are how a service differs from one with its defaults.
type options struct {
	sqlURL    string           // another way to the database
	redisHook redis.Hook       // what its client passes every command through
	now       func() time.Time // another clock
	fenceTime time.Duration
	early     bool // do not wait until it is ready

	// redisTimeout is that of the service's calls; 0 is one that no busy machine reaches.
	redisTimeout time.Duration
}

// service is a running add service.
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
	cache := dial(t, b.redisURL, cmp.Or(o.redisTimeout, servicetest.Patience))
	if o.redisHook != nil {
		cache.AddHook(o.redisHook)
	}
	if o.now == nil {
		o.now = time.Now
	}
	logs := &servicetest.Logbook{Secret: phonePrefix}
	logger := logs.Logger()
	parts := wiring.NewParts(db, logger, prometheus.NewRegistry())
	parts.Now = o.now
	server, err := add.New(add.Config{
		Config: httpserver.Config{Addr: "127.0.0.1:0", AdminAddr: "127.0.0.1:0", ShutdownTimeout: time.Minute, AccessLog: "all"},
		Fence:  usercache.FenceConfig{FenceTime: o.fenceTime},
	}, add.Dependencies{Parts: parts, Redis: cache})
	if err != nil {
		t.Fatal(err)
	}
	servicetest.Serve(t, server, logs)
	client := &http.Client{Transport: openapitest.MustLoad(t, []byte(add.OpenAPI)).Watch(t, server.Addr(), &http.Transport{MaxIdleConnsPerHost: 100})}
	t.Cleanup(client.CloseIdleConnections)
	s := &service{backends: b, client: client, url: "http://" + server.Addr(), admin: "http://" + server.AdminAddr()}
	if !o.early {
		servicetest.Eventually(t, "the service is ready", func() bool { return s.send(t, http.MethodGet, "/readyz", "").status == http.StatusOK })
	}
	return s
}

// phone is the number of the tests' users; more numbers begin with phonePrefix too.
const (
	phone       = "9731423166"
	otherPhone  = "9731423177"
	phonePrefix = "97314231"
)
