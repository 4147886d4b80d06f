package database

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"

	"github.com/go-sql-driver/mysql"
)

// mysqlConnector makes connections that are READ COMMITTED, speak UTF-8 and begin their transactions lazily.
type mysqlConnector struct {
	driver.Connector
}

// setUp is what a connection begins with. The isolation level is set once rather than in a round trip of every
// transaction, by a statement that both MySQL and MariaDB know; the name of the variable differs.
//
// The character set is neither the URL's nor the server's to choose: the driver writes arguments into the text of
// statements, and in one such as GBK the backslash before a quote can be half of a character.
const setUp = "SET NAMES utf8mb4 COLLATE utf8mb4_bin; SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"

// Connect implements [driver.Connector].
func (c mysqlConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	whole, ok := conn.(mysqlConn)
	if !ok {
		return nil, errors.Join(errors.New("the driver's connections lack what a pool needs"), conn.Close())
	}
	if _, err := whole.ExecContext(ctx, setUp, nil); err != nil {
		return nil, errors.Join(fmt.Errorf("set the connection up: %w", err), conn.Close())
	}
	return &lazyBegin{mysqlConn: whole}, nil
}

// mysqlConn is all that a connection of the driver can do for a pool.
type mysqlConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
	driver.NamedValueChecker
}

// beginStatement begins a transaction that writes, at the connection's level of isolation.
const beginStatement = "START TRANSACTION"

// lazyBegin is a connection that sends the beginning of a transaction together with its first statement, which spares
// every transaction a round trip. A transaction without statements costs nothing. As any connection, it is for one
// goroutine at a time.
type lazyBegin struct {
	mysqlConn

	pending bool // the beginning is still to be sent
}

var errOptions = errors.New("a transaction with options of its own is not provided for")

// BeginTx implements [driver.ConnBeginTx].
func (c *lazyBegin) BeginTx(ctx context.Context, options driver.TxOptions) (driver.Tx, error) {
	if options != (driver.TxOptions{}) {
		return nil, errOptions
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if !c.IsValid() {
		return nil, driver.ErrBadConn
	}
	c.pending = true
	return lazyTx{c}, nil
}

// ExecContext implements [driver.ExecerContext]. Of two statements in one packet the second is not carried out where the
// first fails, and its result is the packet's.
func (c *lazyBegin) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if !c.pending {
		return c.mysqlConn.ExecContext(ctx, query, args)
	}
	result, err := c.mysqlConn.ExecContext(ctx, beginStatement+"; "+query, args)
	c.began(err)
	return result, err
}

// began looks at the result of what began a transaction. The server's own error is that of the statement after it; any
// other says that nothing was sent, or that the connection is lost.
func (c *lazyBegin) began(err error) {
	_, answered := errors.AsType[*mysql.MySQLError](err)
	c.pending = err != nil && !answered
}

// QueryContext implements [driver.QueryerContext].
func (c *lazyBegin) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if err := c.begin(ctx); err != nil {
		return nil, err
	}
	return c.mysqlConn.QueryContext(ctx, query, args)
}

// PrepareContext implements [driver.ConnPrepareContext].
func (c *lazyBegin) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	if err := c.begin(ctx); err != nil {
		return nil, err
	}
	prepared, err := c.mysqlConn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	whole, ok := prepared.(mysqlStmt)
	if !ok {
		return nil, errors.Join(errors.New("the driver's statements lack what a pool needs"), prepared.Close())
	}
	return &lazyStmt{mysqlStmt: whole, conn: c}, nil
}

// Prepare implements [driver.Conn].
func (c *lazyBegin) Prepare(query string) (driver.Stmt, error) {
	return c.PrepareContext(context.Background(), query)
}

// mysqlStmt is all that a prepared statement of the driver can do for a pool.
type mysqlStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
	driver.NamedValueChecker
}

// lazyStmt is a prepared statement, which may outlive the transaction that it was prepared in and be the first of
// another.
type lazyStmt struct {
	mysqlStmt

	conn *lazyBegin
}

// ExecContext implements [driver.StmtExecContext].
func (s *lazyStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	if err := s.conn.begin(ctx); err != nil {
		return nil, err
	}
	return s.mysqlStmt.ExecContext(ctx, args)
}

// QueryContext implements [driver.StmtQueryContext].
func (s *lazyStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	if err := s.conn.begin(ctx); err != nil {
		return nil, err
	}
	return s.mysqlStmt.QueryContext(ctx, args)
}

// begin sends the beginning by itself if it is still to be sent.
func (c *lazyBegin) begin(ctx context.Context) error {
	if !c.pending {
		return nil
	}
	_, err := c.mysqlConn.ExecContext(ctx, beginStatement, nil)
	c.pending = err != nil
	return err
}

// lazyTx ends a transaction.
type lazyTx struct {
	conn *lazyBegin
}

// Commit implements [driver.Tx].
func (t lazyTx) Commit() error { return t.end("COMMIT") }

// Rollback implements [driver.Tx].
func (t lazyTx) Rollback() error { return t.end("ROLLBACK") }

func (t lazyTx) end(statement string) error {
	if t.conn.pending {
		t.conn.pending = false
		return nil
	}
	if !t.conn.IsValid() {
		return driver.ErrBadConn
	}
	_, err := t.conn.mysqlConn.ExecContext(context.Background(), statement, nil)
	if err != nil {
		// What may still be open is rolled back with the connection; the next beginning on it would commit it.
		_ = t.conn.Close()
	}
	return err
}
