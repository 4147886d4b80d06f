// Package database opens the database that DATABASE_URL names and hides what differs between MySQL and SQLite.
package database

import (
	"cmp"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/failsafe-go/failsafe-go"
	"github.com/go-sql-driver/mysql"
	_ "modernc.org/sqlite" // registers the driver
)

// DB is a database. The embedded pool is for reading; writing goes through [DB.InTx]. It is safe for concurrent use.
type DB struct {
	*sql.DB
	Dialect Dialect
	writer  *sql.DB // the same pool, or SQLite's one writing connection
	retry   failsafe.Executor[any]
}

// Options bound what a process takes of the database.
type Options struct {
	MaxConnections int // open at once; 32 where it is zero
}

// Open prepares the database without connecting to it, so that a service starts while its database is away.
// For SQLite it makes the file's folder.
func Open(u URL, o Options) (*DB, error) {
	connections := cmp.Or(o.MaxConnections, 32)
	if u.dialect == SQLite {
		return openSQLite(u.path, connections)
	}
	connector, err := mysql.NewConnector(mysqlConfig(u.mysql))
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", u, err)
	}
	pool := sql.OpenDB(mysqlConnector{connector})
	pool.SetMaxOpenConns(connections)
	pool.SetMaxIdleConns(connections)
	pool.SetConnMaxIdleTime(5 * time.Minute)
	pool.SetConnMaxLifetime(30 * time.Minute) // so that connections follow a fail-over behind a name
	return &DB{DB: pool, Dialect: MySQL, writer: pool, retry: retryContention()}, nil
}

// Close closes all connections.
func (db *DB) Close() error {
	if db.writer == db.DB {
		return db.DB.Close()
	}
	return errors.Join(db.DB.Close(), db.writer.Close())
}

func mysqlConfig(base *mysql.Config) *mysql.Config {
	c := base.Clone()
	c.ParseTime = true
	c.Loc = time.UTC
	c.InterpolateParams = true // one round trip a statement
	c.MultiStatements = true   // for lazyBegin and services/add; every argument is a placeholder's
	c.RejectReadOnly = true    // after a fail-over, leave the former primary
	c.Timeout = cmp.Or(c.Timeout, 5*time.Second)
	c.ReadTimeout = cmp.Or(c.ReadTimeout, 30*time.Second)
	c.WriteTimeout = cmp.Or(c.WriteTimeout, 30*time.Second)
	c.Logger = &mysql.NopLogger{} // what it would print is in the errors too
	if _, ok := c.Params[lockWait]; !ok {
		params := map[string]string{lockWait: "2"}
		maps.Copy(params, c.Params)
		c.Params = params
	}
	return c
}

// lockWait is how many seconds a statement waits for a row that another transaction holds. MySQL's 50 are more than any
// request has: the connection would be given up first, and the server would go on waiting, with the locks that the
// transaction has already, for nobody.
const lockWait = "innodb_lock_wait_timeout"

func openSQLite(path string, connections int) (*DB, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of the database: %w", err)
	}
	// FULL, as a transaction that was acknowledged must survive a power cut.
	common := []string{"busy_timeout(5000)", "synchronous(FULL)", "foreign_keys(1)"}
	// The file keeps its journal mode. Only the writer sets it: where two connections change it at once, SQLite refuses
	// one of them without waiting.
	writing := url.Values{"_pragma": append([]string{"journal_mode(WAL)"}, common...), "_txlock": {"immediate"}}
	writer, err := sql.Open("sqlite", sqliteDSN(path, writing))
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	writer.SetMaxOpenConns(1)
	reading := url.Values{"_pragma": append(common, "query_only(1)")}
	reader, err := sql.Open("sqlite", sqliteDSN(path, reading))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), writer.Close())
	}
	reader.SetMaxOpenConns(connections)
	reader.SetMaxIdleConns(connections)
	return &DB{DB: reader, Dialect: SQLite, writer: writer, retry: retryContention()}, nil
}

func sqliteDSN(path string, params url.Values) string {
	path = filepath.Clean(path) // two slashes at its beginning would make its first folder a host
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: params.Encode()}).String()
}
