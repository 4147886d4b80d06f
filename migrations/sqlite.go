package migrations

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	migratesqlite "github.com/golang-migrate/migrate/v4/database/sqlite"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/schema"
)

// errNoFile says that the database's file is not there.
var errNoFile = errors.New("no such file")

// sqliteEngine works on a SQLite file.
type sqliteEngine struct {
	path   string
	logger *slog.Logger
}

var _ engine = (*sqliteEngine)(nil)

func newSQLite(u database.URL, logger *slog.Logger) (*sqliteEngine, error) {
	_, query, _ := strings.Cut(u.Migrate(), "?")
	params, err := url.ParseQuery(query)
	if err != nil {
		return nil, errors.New("the parameters of the database URL are not well-formed")
	}
	if _, err := parseMigrateParams(params); err != nil {
		return nil, err
	}
	return &sqliteEngine{path: u.Path(), logger: logger}, nil
}

func (e *sqliteEngine) String() string { return "sqlite://" + e.path }

// lock takes the lock on a file beside the database's, as SQLite itself has none that outlives a transaction.
func (e *sqliteEngine) lock(ctx context.Context, how access, timeout time.Duration) (*locked, error) {
	if how == create {
		if err := os.MkdirAll(filepath.Dir(e.path), 0o700); err != nil {
			return nil, e.explain(err)
		}
	} else if _, err := os.Stat(e.path); errors.Is(err, os.ErrNotExist) {
		return nil, &ConnectError{Database: e.String(), Reason: ErrUnknownDatabase, Err: errNoFile}
	}
	held, err := e.acquire(ctx, timeout)
	if err != nil {
		return nil, err
	}
	pool, err := e.open(ctx, "rwc", "busy_timeout(10000)")
	if err != nil {
		return nil, errors.Join(err, held.release())
	}
	driver, err := migratesqlite.WithInstance(pool, &migratesqlite.Config{DatabaseName: e.path})
	if err != nil {
		return nil, errors.Join(e.explain(withoutQuery(err)), pool.Close(), held.release())
	}
	release := func() error { return errors.Join(pool.Close(), held.release()) }
	return &locked{conn: pool, driver: driver, release: release}, nil
}

func (e *sqliteEngine) look(ctx context.Context) (*looking, error) {
	if _, err := os.Stat(e.path); errors.Is(err, os.ErrNotExist) {
		return nil, errNoFile
	}
	pool, err := e.open(ctx, "rw", "busy_timeout(10000)", "query_only(1)")
	if err != nil {
		return nil, err
	}
	return &looking{conn: pool, close: pool.Close}, nil
}

func (e *sqliteEngine) exists(ctx context.Context, conn schema.Querier, o object) (bool, error) {
	const (
		master = "SELECT COUNT(*) FROM sqlite_master WHERE type = ? AND name = ?"
		column = "SELECT COUNT(*) FROM pragma_table_info(?) WHERE name = ?"
	)
	switch o.kind {
	case kindColumn:
		return exists(ctx, conn, column, o.table, o.name)
	default:
		return exists(ctx, conn, master, string(o.kind), o.name)
	}
}

// open opens the file in one of SQLite's modes (sqlite.org/uri.html) and reads from it once.
func (e *sqliteEngine) open(ctx context.Context, mode string, pragmas ...string) (*sql.DB, error) {
	params := url.Values{"mode": {mode}, "_pragma": pragmas, "_txlock": {"immediate"}}
	dsn := url.URL{Scheme: "file", Opaque: (&url.URL{Path: e.path}).EscapedPath(), RawQuery: params.Encode()}
	pool, err := sql.Open("sqlite", dsn.String())
	if err != nil {
		return nil, e.explain(err)
	}
	var tables int
	if err := pool.QueryRowContext(ctx, "SELECT COUNT(*) FROM sqlite_master").Scan(&tables); err != nil {
		if ctx.Err() != nil {
			err = fmt.Errorf("stopped before anything was done: %w", context.Cause(ctx))
		} else {
			err = e.explain(err)
		}
		return nil, errors.Join(err, pool.Close())
	}
	return pool, nil
}

// explain makes a ConnectError of what a person can do something about.
func (e *sqliteEngine) explain(err error) error {
	problem := &ConnectError{Database: e.String(), Reason: ErrUnusable, Err: err}
	if errors.Is(err, os.ErrPermission) {
		problem.Reason = ErrAccessDenied
	}
	if refused, ok := errors.AsType[*sqlite.Error](err); ok {
		const primary = 0xff // extended codes keep the primary one in their low byte
		switch refused.Code() & primary {
		case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM:
			problem.Reason = ErrAccessDenied
		case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
			problem.Reason = ErrUnreachable
		}
	}
	return problem
}
