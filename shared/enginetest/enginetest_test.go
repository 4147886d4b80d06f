package enginetest_test

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/redis/go-redis/v9"

	"github.com/glarimy/ums/shared/enginetest"
)

// open connects to a database as a service would.
func open(t *testing.T, s *enginetest.SQL) *sql.DB {
	t.Helper()
	dsn, ok := strings.CutPrefix(s.URL, "mysql://")
	if !ok {
		t.Fatalf("got URL %q, want mysql://", s.URL)
	}
	db, err := sql.Open("mysql", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func TestMySQLGivesADatabaseToEachTest(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"one", "another"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t, enginetest.MySQL(t))
			if _, err := db.ExecContext(t.Context(), "CREATE TABLE users (name VARCHAR(32))"); err != nil {
				t.Errorf("create a table that every test creates: %v", err)
			}
			if _, err := db.ExecContext(t.Context(), "INSERT INTO users VALUES ('\U0001F600')"); err != nil {
				t.Errorf("insert a character of four bytes: %v", err)
			}
		})
	}
}

func TestMySQLDropsTheDatabase(t *testing.T) {
	t.Parallel()
	var gone *enginetest.SQL
	t.Run("test", func(t *testing.T) { gone = enginetest.MySQL(t) })
	if gone == nil {
		t.Skip("there is no MySQL")
	}
	const unknownDatabase = 1049
	err := open(t, gone).PingContext(t.Context())
	if server := (*mysql.MySQLError)(nil); !errors.As(err, &server) || server.Number != unknownDatabase {
		t.Errorf("the database of an ended test: got %v, want error %d", err, unknownDatabase)
	}
}

func TestPrivateMySQLIsKilledAndStarted(t *testing.T) {
	t.Parallel()
	s := enginetest.PrivateMySQL(t)
	db := open(t, &s.SQL)
	if _, err := db.ExecContext(t.Context(), "CREATE TABLE kept (n INT) AS SELECT 42 AS n"); err != nil {
		t.Fatal(err)
	}
	s.Kill(t)
	if err := db.PingContext(t.Context()); err == nil {
		t.Error("a killed MySQL answers")
	}
	s.Start(t)
	var n int
	if err := db.QueryRowContext(t.Context(), "SELECT n FROM kept").Scan(&n); err != nil || n != 42 {
		t.Errorf("after the restart: got %d, %v, want 42", n, err)
	}
}

func TestSQLiteGivesAPath(t *testing.T) {
	t.Parallel()
	s := enginetest.SQLite(t)
	path, ok := strings.CutPrefix(s.URL, "sqlite://")
	if !ok || !filepath.IsAbs(path) {
		t.Fatalf("got URL %q, want sqlite:// and an absolute path", s.URL)
	}
	if _, err := os.Stat(filepath.Dir(path)); err != nil {
		t.Errorf("the folder of the database: %v", err)
	}
	if s.IsMySQL() {
		t.Error("SQLite is taken for MySQL")
	}
}

func TestRequireMySQL(t *testing.T) {
	t.Parallel()
	//nolint:paralleltest // each is looked at when it has ended
	for engine, wantSkip := range map[string]bool{"MySQL 9.7.0": false, "MariaDB 10.11.6": true, "SQLite": true} {
		skipped := true
		t.Run(engine, func(t *testing.T) {
			(&enginetest.SQL{Engine: engine}).RequireMySQL(t)
			skipped = false
		})
		if skipped != wantSkip {
			t.Errorf("%s: got skipped %t, want %t", engine, skipped, wantSkip)
		}
	}
}

func TestRedisStopsAndStartsEmpty(t *testing.T) {
	t.Parallel()
	r := enginetest.Redis(t)
	if u, err := url.Parse(r.URL); err != nil || u.Host != r.Addr {
		t.Errorf("got address %q, want the one of %q", r.Addr, r.URL)
	}
	options, err := redis.ParseURL(r.URL)
	if err != nil {
		t.Fatal(err)
	}
	options.MaxRetries, options.DialerRetries, options.ContextTimeoutEnabled = -1, 1, true
	client := redis.NewClient(options)
	defer client.Close()
	ctx := t.Context()
	if err := client.Set(ctx, "k", "v", 0).Err(); err != nil {
		t.Fatalf("SET: %v", err)
	}

	r.Pause(t)
	short, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
	defer cancel()
	if err := client.Get(short, "k").Err(); !isTimeout(err) {
		t.Errorf("GET of a paused Redis: got %v, want a timeout", err)
	}
	r.Resume(t)
	if got, err := client.Get(ctx, "k").Result(); err != nil || got != "v" {
		t.Errorf("GET after the pause: got %q, %v, want v", got, err)
	}
	r.Stop(t)
	if err := client.Get(ctx, "k").Err(); err == nil || errors.Is(err, redis.Nil) {
		t.Errorf("GET of a stopped Redis: got %v, want a broken connection", err)
	}
	r.Start(t)
	if err := client.Get(ctx, "k").Err(); !errors.Is(err, redis.Nil) {
		t.Errorf("GET after the restart: got %v, want %v", err, redis.Nil)
	}
}

func isTimeout(err error) bool {
	timeout, ok := errors.AsType[interface {
		error
		Timeout() bool
	}](err)
	return errors.Is(err, context.DeadlineExceeded) || ok && timeout.Timeout()
}

// TestWithoutEngines runs another test in a process that finds no engine.
func TestWithoutEngines(t *testing.T) {
	t.Parallel()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for require, want := range map[string]string{"": "--- SKIP", "1": "--- FAIL"} {
		t.Run("REQUIRE_ENGINES="+require, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), program, "-test.run=^TestRedisStopsAndStartsEmpty$", "-test.v")
			cmd.Env = append(slices.DeleteFunc(os.Environ(), func(v string) bool {
				return strings.HasPrefix(v, "TEST_") || strings.HasPrefix(v, "PATH=")
			}), "DOCKER_HOST=unix:///nonexistent/docker.sock", "REQUIRE_ENGINES="+require)
			out, err := cmd.CombinedOutput()
			if strings.Contains(string(out), "--- PASS") {
				t.Skipf("this machine has a Redis outside of the PATH: %s", out)
			}
			if failed := err != nil; failed != (require == "1") {
				t.Errorf("got exit %v; the output: %s", err, out)
			}
			for _, part := range []string{want, "TEST_REDIS_URL: not available", "Docker (redis:8.0): not available", "apt (redis-server): "} {
				if !strings.Contains(string(out), part) {
					t.Errorf("want %q in the output, got: %s", part, out)
				}
			}
		})
	}
}
