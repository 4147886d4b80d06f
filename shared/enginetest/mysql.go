package enginetest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"

	"github.com/glarimy/ums/shared/enginetest/internal/engine"
)

// MySQL gives tb a database of its own, in utf8mb4, on a server shared with other tests; it is dropped when tb ends.
// What concerns the server as a whole, such as its global variables, is not tb's to change: see PrivateMySQL.
func MySQL(tb testing.TB) *SQL {
	tb.Helper()
	server := process().mysqlServer(tb)
	config := create(tb, server)
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), controlWait)
		defer cancel()
		if err := execute(ctx, server, "DROP DATABASE IF EXISTS "+config.DBName); err != nil {
			tb.Errorf("drop the test's database: %v", err)
		}
	})
	return &SQL{URL: "mysql://" + config.FormatDSN(), Engine: server.Engine}
}

// mysqlServer starts the shared server at the first call.
func (e *engines) mysqlServer(tb testing.TB) *engine.Server {
	tb.Helper()
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.sharedMySQL == nil {
		e.sharedMySQL = start(tb, "MySQL", &e.mysql)
	}
	return e.sharedMySQL
}

// create makes an empty database of a new name on the server and returns how to connect to it.
func create(tb testing.TB, server *engine.Server) *mysql.Config {
	tb.Helper()
	config, err := engine.MySQLConfig(server.URL)
	if err != nil {
		tb.Fatal(err)
	}
	config.DBName = "ums_test_" + strings.ToLower(rand.Text())
	if err := execute(tb.Context(), server, "CREATE DATABASE "+config.DBName+" CHARACTER SET utf8mb4"); err != nil {
		tb.Fatalf("create a database on %s from %s: %v", server.Engine, server.Origin, err)
	}
	return config
}

// execute runs one statement that needs no database.
func execute(ctx context.Context, server *engine.Server, statement string) error {
	config, err := engine.MySQLConfig(server.URL)
	if err != nil {
		return err
	}
	config.DBName = ""
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return err
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	_, err = db.ExecContext(ctx, statement)
	return err
}
