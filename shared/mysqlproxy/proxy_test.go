package mysqlproxy_test

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/glarimy/ums/shared/enginetest"
	"github.com/glarimy/ums/shared/mysqlproxy"
	"github.com/glarimy/ums/shared/servicetest"
)

func TestActions(t *testing.T) {
	t.Parallel()
	proxy, through, direct := withTable(t)
	for i, tc := range []struct { //nolint:paralleltest // they share the proxy
		name   string
		action mysqlproxy.Action
		check  func(error) bool
		stored int
	}{
		{"pass", mysqlproxy.Pass, func(err error) bool { return err == nil }, 1},
		{"refuse", mysqlproxy.Refuse, isDeadlock, 0},
		{"cut before", mysqlproxy.CutBefore, isBroken, 0},
		{"cut after", mysqlproxy.CutAfter, isBroken, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			proxy.Intercept(doTo("INSERT", tc.action))
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			_, err := through.ExecContext(ctx, "INSERT INTO t VALUES (?)", i)
			if !tc.check(err) {
				t.Errorf("error = %v", err)
			}
			if stored := rows(t, direct, i); stored != tc.stored {
				t.Errorf("rows = %d, want %d", stored, tc.stored)
			}
		})
	}
}

// TestSwallow waits for an answer that never comes, until the server has carried the statement out and a while longer.
func TestSwallow(t *testing.T) {
	t.Parallel()
	proxy, through, direct := withTable(t)
	proxy.Intercept(doTo("INSERT", mysqlproxy.Swallow))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		_, err := through.ExecContext(ctx, "INSERT INTO t VALUES (1)")
		ended <- err
	}()
	servicetest.Eventually(t, "the server carries it out", func() bool { return rows(t, direct, 1) == 1 })
	select {
	case err := <-ended:
		t.Errorf("there is an answer: %v", err)
		return
	case <-time.After(300 * time.Millisecond):
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v", err)
	}
}

// withTable returns a proxy, and ways through it and past it to a database with an empty table.
func withTable(t *testing.T) (proxy *mysqlproxy.Proxy, through, direct *sql.DB) {
	t.Helper()
	server := enginetest.MySQL(t)
	proxy = mysqlproxy.New(t, server.URL)
	through, direct = open(t, proxy.URL()), open(t, server.URL)
	if _, err := through.ExecContext(t.Context(), "CREATE TABLE t (id INT PRIMARY KEY)"); err != nil {
		t.Fatal(err)
	}
	return proxy, through, direct
}

// doTo does something to the statements that begin so, and lets all others pass.
func doTo(beginning string, what mysqlproxy.Action) mysqlproxy.Interceptor {
	return func(statement string) mysqlproxy.Action {
		if strings.HasPrefix(statement, beginning) {
			return what
		}
		return mysqlproxy.Pass
	}
}

// rows returns how many rows of t have an id.
func rows(t *testing.T, db *sql.DB, id int) (n int) {
	t.Helper()
	if err := db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM t WHERE id = ?", id).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestStopAndStart(t *testing.T) {
	t.Parallel()
	proxy := mysqlproxy.New(t, enginetest.MySQL(t).URL)
	db := open(t, proxy.URL())
	if err := db.PingContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	proxy.Stop()
	if err := db.PingContext(t.Context()); err == nil {
		t.Error("a stopped proxy let a connection through")
	}
	proxy.Start()
	if err := db.PingContext(t.Context()); err != nil {
		t.Errorf("after the start: %v", err)
	}
}

func isDeadlock(err error) bool {
	refused, ok := errors.AsType[*mysql.MySQLError](err)
	return ok && refused.Number == 1213
}

// isBroken says that the connection was lost, whether or not anybody knows what became of the statement.
func isBroken(err error) bool { return errors.Is(err, mysql.ErrInvalidConn) }

func open(t *testing.T, url string) *sql.DB {
	t.Helper()
	config, err := mysql.ParseDSN(strings.TrimPrefix(url, "mysql://"))
	if err != nil {
		t.Fatal(err)
	}
	config.InterpolateParams = true
	config.Logger = &mysql.NopLogger{}
	connector, err := mysql.NewConnector(config)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	t.Cleanup(func() { _ = db.Close() })
	return db
}
