package migrations_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/glarimy/ums/migrations"
	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/enginetest"

	"github.com/glarimy/ums/shared/schema"
)

const password = "hunter2-never-printed"

// mysqlURL returns the URL of an engine's database after a change to it.
func mysqlURL(t *testing.T, change func(*mysql.Config)) database.URL {
	t.Helper()
	config, err := mysql.ParseDSN(strings.TrimPrefix(parse(t, enginetest.MySQL(t).URL).Migrate(), "mysql://"))
	if err != nil {
		t.Fatal(err)
	}
	change(config)
	return parse(t, "mysql://"+config.FormatDSN())
}

func TestWhyADatabaseCannotBeUsed(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	text := filepath.Join(folder, "text.db")
	if err := os.WriteFile(text, []byte(strings.Repeat("This is not a database. ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		url    func(t *testing.T) database.URL
		reason error
		says   []string
	}{
		"nobody listens": {func(t *testing.T) database.URL {
			t.Helper()
			return parse(t, "mysql://ums:"+password+"@tcp("+closedAddress(t)+")/ums")
		}, migrations.ErrUnreachable, []string{"cannot reach", "connection refused", "is it running"}},
		"nobody answers": {func(t *testing.T) database.URL {
			t.Helper()
			return parse(t, "mysql://ums:"+password+"@tcp("+silentAddress(t)+")/ums?timeout=200ms")
		}, migrations.ErrUnreachable, []string{"cannot reach", "no answer within 200ms"}},
		"wrong password": {func(t *testing.T) database.URL {
			t.Helper()
			return mysqlURL(t, func(c *mysql.Config) { c.Passwd = password })
		}, migrations.ErrAccessDenied, []string{"refuses the user", "check user and password"}},
		"unknown database": {func(t *testing.T) database.URL {
			t.Helper()
			return mysqlURL(t, func(c *mysql.Config) { c.DBName = "nowhere" })
		}, migrations.ErrUnknownDatabase, []string{"there is no database", "'nowhere'", "create it"}},
		"a variable that the server does not know": {func(t *testing.T) database.URL {
			t.Helper()
			return mysqlURL(t, func(c *mysql.Config) { c.Params = map[string]string{"nonsense": "1"} })
		}, migrations.ErrUnusable, []string{"cannot use", "nonsense"}},
		"not a database": {func(t *testing.T) database.URL {
			t.Helper()
			return parse(t, "sqlite://"+text)
		}, migrations.ErrUnusable, []string{"cannot use", "file is not a database"}},
		"a folder": {func(t *testing.T) database.URL {
			t.Helper()
			return parse(t, "sqlite://"+folder)
		}, migrations.ErrUnusable, []string{"cannot use", "unable to open"}},
		"a folder that cannot be made": {func(t *testing.T) database.URL {
			t.Helper()
			return parse(t, "sqlite://"+text+"/ums.db")
		}, migrations.ErrUnusable, []string{"cannot use", "not a directory"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMigrator(t, tc.url(t), migrations.Options{})
			_, err := m.Up(t.Context(), migrations.All)
			if !isType[*migrations.ConnectError](err) || !errors.Is(err, tc.reason) {
				t.Fatalf("up: got %v, want a ConnectError: %v", err, tc.reason)
			}
			for _, want := range tc.says {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the message is %q, want %q in it", err, want)
				}
			}
			if strings.Contains(err.Error(), password) || strings.Contains(err.Error(), "\n") {
				t.Errorf("the message is %q, want one line without the password", err)
			}
			if _, err := m.Status(t.Context()); !errors.Is(err, tc.reason) && name != "a folder that cannot be made" {
				t.Errorf("status: got %v, want %v", err, tc.reason)
			}
		})
	}
}

func TestASQLiteFileThatIsNotThere(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "new", "ums.db")
	m := newMigrator(t, parse(t, "sqlite://"+path), migrations.Options{})
	if got, err := m.Status(t.Context()); err != nil || got.State.Version != 0 || len(got.Pending) != int(schema.Known) {
		t.Errorf("status: got %+v, %v", got, err)
	}
	if _, err := m.Down(t.Context(), 1); !errors.Is(err, migrations.ErrUnknownDatabase) {
		t.Errorf("down: got %v, want ErrUnknownDatabase", err)
	}
	if err := m.Force(t.Context(), 1); !errors.Is(err, migrations.ErrUnknownDatabase) {
		t.Errorf("force: got %v, want ErrUnknownDatabase", err)
	}
	if _, err := os.Stat(filepath.Dir(path)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("something was made: %v", err)
	}
	if _, err := m.Up(t.Context(), migrations.All); err != nil {
		t.Errorf("up: %v", err)
	}
}

func TestParametersOfTheURL(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		params, want string
	}{
		"another table":     {"x-migrations-table=other", "must be schema_migrations"},
		"the same table":    {"x-migrations-table=schema_migrations", ""},
		"no lock":           {"x-no-lock=true", ""},
		"no lock, nonsense": {"x-no-lock=perhaps", "x-no-lock"},
		"statement timeout": {"x-statement-timeout=60000", ""},
		"timeout, nonsense": {"x-statement-timeout=1m", "x-statement-timeout"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, raw := range []string{"mysql://u:" + password + "@tcp(127.0.0.1:1)/ums?", "sqlite://ums.db?"} {
				_, err := migrations.New(parse(t, raw+tc.params), migrations.Options{})
				if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
					t.Errorf("%s: got %v, want %q", raw+tc.params, err, tc.want)
				}
			}
		})
	}
}

func TestNoLock(t *testing.T) {
	t.Parallel()
	raw := enginetest.MySQL(t).URL
	e := engine{name: "mysql", url: parse(t, raw), raw: raw}
	defer e.hold(t)()
	url := mysqlParams(t, raw, "x-no-lock=true")
	got, err := newMigrator(t, url, migrations.Options{LockTimeout: time.Millisecond}).Up(t.Context(), migrations.All)
	if err != nil || got.To != schema.Known {
		t.Errorf("up without a lock: got %+v, %v", got, err)
	}
}

func mysqlParams(t *testing.T, raw, params string) database.URL {
	t.Helper()
	separator := "?"
	if strings.Contains(raw, "?") {
		separator = "&"
	}
	return parse(t, raw+separator+params)
}

// TestWait starts with a server that cannot be reached and lets it appear.
func TestWait(t *testing.T) {
	t.Parallel()
	address := closedAddress(t)
	var server string
	url := mysqlURL(t, func(c *mysql.Config) { server, c.Addr = c.Addr, address })
	appear := sync.OnceFunc(func() { forward(t, address, server) })
	logger := slog.New(onRecord{call: func(r slog.Record) {
		if r.Message == "waiting for the database" {
			appear()
		}
	}})
	got, err := newMigrator(t, url, migrations.Options{Wait: time.Minute, Logger: logger}).Up(t.Context(), migrations.All)
	if err != nil || got.To != schema.Known {
		t.Errorf("up: got %+v, %v", got, err)
	}
}

func TestWaitIsForUnreachableDatabasesOnly(t *testing.T) {
	t.Parallel()
	url := mysqlURL(t, func(c *mysql.Config) { c.DBName = "nowhere" })
	_, err := newMigrator(t, url, migrations.Options{Wait: time.Hour}).Up(t.Context(), migrations.All)
	if !errors.Is(err, migrations.ErrUnknownDatabase) {
		t.Errorf("up: got %v, want ErrUnknownDatabase", err)
	}
}

// closedAddress returns an address that nobody listens at.
func closedAddress(t *testing.T) string {
	t.Helper()
	l := listen(t, "127.0.0.1:0")
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return l.Addr().String()
}

// silentAddress returns an address where connections are made and nothing is said.
func silentAddress(t *testing.T) string {
	t.Helper()
	l := listen(t, "127.0.0.1:0")
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().String()
}

func listen(t *testing.T, address string) net.Listener {
	t.Helper()
	var c net.ListenConfig
	l, err := c.Listen(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// forward passes on connections to an address until the test ends.
func forward(t *testing.T, from, to string) {
	t.Helper()
	l := listen(t, from)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			go relay(context.WithoutCancel(t.Context()), client, to)
		}
	}()
}

func relay(ctx context.Context, client net.Conn, to string) {
	defer client.Close()
	var d net.Dialer
	server, err := d.DialContext(ctx, "tcp", to)
	if err != nil {
		return
	}
	defer server.Close()
	go func() { _, _ = io.Copy(server, client); _ = server.Close() }()
	_, _ = io.Copy(client, server)
}
