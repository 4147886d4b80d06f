package migrations_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/gofrs/flock"
	migratedb "github.com/golang-migrate/migrate/v4/database"

	"github.com/glarimy/ums/migrations"
	"github.com/glarimy/ums/shared/database"

	"github.com/glarimy/ums/shared/schema"
)

// hold takes the lock as another program would: on MySQL as golang-migrate's own command does. It returns how to give
// the lock up.
func (e engine) hold(t *testing.T) (release func()) {
	t.Helper()
	if e.url.Dialect() == database.SQLite {
		return holdFile(t, e.url.Path()+".migrate.lock")
	}
	config, err := mysql.ParseDSN(strings.TrimPrefix(e.url.Migrate(), "mysql://"))
	if err != nil {
		t.Fatal(err)
	}
	name, err := migratedb.GenerateAdvisoryLockId(config.DBName + ":schema_migrations")
	if err != nil {
		t.Fatal(err)
	}
	conn, err := e.pool(t).Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got bool
	if err := conn.QueryRowContext(t.Context(), "SELECT GET_LOCK(?, 0)", name).Scan(&got); err != nil || !got {
		t.Fatalf("take the lock: %v, %v", got, err)
	}
	return sync.OnceFunc(func() {
		var released bool
		err := conn.QueryRowContext(t.Context(), "SELECT RELEASE_LOCK(?)", name).Scan(&released)
		if err := errors.Join(err, conn.Close()); err != nil || !released {
			t.Errorf("release the lock: %v, %v", released, err)
		}
	})
}

func holdFile(t *testing.T, path string) (release func()) {
	t.Helper()
	lock := flock.New(path)
	if got, err := lock.TryLock(); err != nil || !got {
		t.Fatalf("take the lock: %v, %v", got, err)
	}
	if err := os.WriteFile(path, []byte("process 1 on elsewhere\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return sync.OnceFunc(func() {
		if err := lock.Unlock(); err != nil {
			t.Errorf("release the lock: %v", err)
		}
	})
}

func TestLockIsNotWaitedForBeyondTheTimeout(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, e engine) {
		defer e.hold(t)()
		m := newMigrator(t, e.url, migrations.Options{LockTimeout: time.Millisecond})
		_, err := m.Up(t.Context(), migrations.All)
		locked, ok := errors.AsType[*migrations.LockedError](err)
		if !ok {
			t.Fatalf("up: got %v, want a LockedError", err)
		}
		want := "process 1 on elsewhere"
		if e.url.Dialect() == database.MySQL {
			want = " of " // connection 12 of somebody from somewhere
		}
		if !strings.Contains(locked.Holder, want) || !strings.Contains(err.Error(), locked.Holder) {
			t.Errorf("the holder is %q, want it to contain %q, and the message to contain it: %v", locked.Holder, want, err)
		}
		if err := m.Force(t.Context(), 1); !isType[*migrations.LockedError](err) && e.url.Dialect() == database.MySQL {
			t.Errorf("force: got %v, want a LockedError", err)
		}
	})
}

func TestLockIsWaitedFor(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, e engine) {
		release := e.hold(t)
		waited := false
		logger := slog.New(onRecord{call: func(r slog.Record) {
			if strings.Contains(r.Message, "waiting for another migration") {
				waited = true
				release()
			}
		}})
		got, err := newMigrator(t, e.url, migrations.Options{Logger: logger}).Up(t.Context(), migrations.All)
		if err != nil || got.To != schema.Known {
			t.Errorf("up: got %+v, %v", got, err)
		}
		if !waited {
			t.Error("nothing was said of the wait")
		}
	})
}

func TestWaitForTheLockEndsWithTheContext(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, e engine) {
		defer e.hold(t)()
		ctx, cancel := context.WithCancel(t.Context())
		logger := slog.New(onRecord{call: func(slog.Record) { cancel() }})
		_, err := newMigrator(t, e.url, migrations.Options{Logger: logger}).Up(ctx, migrations.All)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("up: got %v, want the end of the context", err)
		}
	})
}

func TestVersionAndStatusDoNotWaitForTheLock(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, e engine) {
		m := up(t, e.url)
		defer e.hold(t)()
		if got, err := m.Version(t.Context()); err != nil || got.Version != schema.Known {
			t.Errorf("version: got %+v, %v", got, err)
		}
	})
}

// TestLockDiesWithItsConnection kills the connection of a run between two migrations, as an operator might.
func TestLockDiesWithItsConnection(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, e engine) {
		if e.url.Dialect() != database.MySQL {
			t.Skip("SQLite has no connections to kill")
		}
		db := e.pool(t)
		logger := slog.New(onRecord{call: func(r slog.Record) {
			if r.Message != "migration done" {
				return
			}
			const query = "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()"
			for _, id := range column(t, db, query) {
				// Idle connections of the test's own pool may be among them, and gone already.
				_, _ = db.ExecContext(t.Context(), "KILL "+id)
			}
		}})
		_, err := newMigrator(t, e.url, migrations.Options{Logger: logger}).Up(t.Context(), migrations.All)
		if !isType[*migrations.StepError](err) {
			t.Fatalf("up: got %v, want a StepError", err)
		}
		e.wantVersion(t, 1)
		up(t, e.url)
		e.wantVersion(t, schema.Known)
	})
}
