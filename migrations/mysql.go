package migrations

import (
	"context"
	"crypto/tls"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/go-sql-driver/mysql"
	migratemysql "github.com/golang-migrate/migrate/v4/database/mysql"

	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/schema"
)

// connectTimeout bounds a connection's making where the URL does not, so that a server that accepts it and says nothing
// counts as out of reach.
const connectTimeout = 10 * time.Second

// mysqlEngine works on MySQL and whatever speaks as it does.
type mysqlEngine struct {
	url      database.URL
	config   *mysql.Config
	params   migrateParams
	lockName string
	logger   *slog.Logger
}

var _ engine = (*mysqlEngine)(nil)

func newMySQL(url database.URL, logger *slog.Logger) (*mysqlEngine, error) {
	config, params, err := mysqlConfig(url)
	if err != nil {
		return nil, err
	}
	lockName, err := nameLock(config.DBName)
	if err != nil {
		return nil, err
	}
	return &mysqlEngine{url: url, config: config, params: params, lockName: lockName, logger: logger}, nil
}

func (e *mysqlEngine) String() string { return e.url.String() }

// lock takes the lock on the very connection that then runs the statements. So the lock cannot be lost while they
// run; and where a run is killed, the server holds the lock until the statement that it goes on with is done.
func (e *mysqlEngine) lock(ctx context.Context, _ access, timeout time.Duration) (*locked, error) {
	pool, conn, err := e.connect(ctx)
	if err != nil {
		return nil, err
	}
	release := func() error {
		e.giveBack(ctx, conn)
		return errors.Join(conn.Close(), pool.Close())
	}
	if err := e.acquire(ctx, conn, timeout); err != nil {
		return nil, errors.Join(err, release())
	}
	driver, err := migratemysql.WithConnection(ctx, conn, &migratemysql.Config{
		DatabaseName:     e.config.DBName,
		NoLock:           true,
		StatementTimeout: e.params.statementTimeout,
	})
	if err != nil {
		return nil, errors.Join(e.explain(ctx, withoutQuery(err)), release())
	}
	return &locked{conn: conn, driver: driver, release: release}, nil
}

func (e *mysqlEngine) look(ctx context.Context) (*looking, error) {
	pool, conn, err := e.connect(ctx)
	if err != nil {
		return nil, err
	}
	return &looking{conn: conn, close: func() error { return errors.Join(conn.Close(), pool.Close()) }}, nil
}

func (e *mysqlEngine) exists(ctx context.Context, conn schema.Querier, o object) (bool, error) {
	const (
		table  = "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = ?"
		index  = "SELECT COUNT(*) FROM information_schema.statistics WHERE table_schema = DATABASE() AND index_name = ?"
		column = "SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE() " +
			"AND table_name = ? AND column_name = ?"
	)
	switch o.kind {
	case kindIndex:
		return exists(ctx, conn, index, o.name)
	case kindColumn:
		return exists(ctx, conn, column, o.table, o.name)
	default:
		return exists(ctx, conn, table, o.name)
	}
}

// connect makes the one connection that everything happens on.
func (e *mysqlEngine) connect(ctx context.Context) (*sql.DB, *sql.Conn, error) {
	connector, err := mysql.NewConnector(e.config)
	if err != nil {
		return nil, nil, fmt.Errorf("open %s: %w", e.url, err)
	}
	pool := sql.OpenDB(connector)
	limit := e.config.Timeout
	connecting, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("no answer within %v", limit))
	defer cancel()
	conn, err := pool.Conn(connecting)
	if err != nil {
		if connecting.Err() != nil {
			err = context.Cause(connecting)
		}
		return nil, nil, errors.Join(e.explain(ctx, err), pool.Close())
	}
	return pool, conn, nil
}

// Numbers of MySQL's errors (Server Error Message Reference).
const (
	mysqlDatabaseDenied  = 1044 // the user may not use this database
	mysqlAccessDenied    = 1045 // wrong user or password
	mysqlUnknownDatabase = 1049
	mysqlNoPassword      = 1698 // MariaDB: this user has no password to log in with
)

// explain makes a ConnectError of what a person can do something about.
func (e *mysqlEngine) explain(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("stopped before anything was done: %w", context.Cause(ctx))
	}
	problem := &ConnectError{Database: e.String(), Reason: ErrUnreachable, Err: err}
	if refused, ok := errors.AsType[*mysql.MySQLError](err); ok {
		problem.Reason = reasonOf(refused)
		problem.Err = errors.New(refused.Message)
	} else if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		problem.Reason = ErrUnusable
	} else if failed, ok := errors.AsType[*net.OpError](err); ok {
		problem.Err = failed.Err // the address is in the URL already
	}
	return problem
}

// reasonOf sorts what a server answered.
func reasonOf(refused *mysql.MySQLError) error {
	switch refused.Number {
	case mysqlAccessDenied, mysqlDatabaseDenied, mysqlNoPassword:
		return ErrAccessDenied
	case mysqlUnknownDatabase:
		return ErrUnknownDatabase
	}
	if database.IsUnavailable(refused) {
		return ErrUnreachable
	}
	return ErrUnusable
}
