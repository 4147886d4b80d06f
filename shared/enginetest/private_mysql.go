package enginetest

import (
	"testing"

	"github.com/glarimy/ums/shared/enginetest/internal/engine"
)

// MySQLServer is a MySQL server that one test has to itself, with one empty database. Its methods are for one goroutine
// at a time.
type MySQLServer struct {
	SQL

	server *engine.Server
}

// PrivateMySQL gives tb a server of its own, which takes some seconds and is gone when tb ends. The server of
// TEST_DATABASE_URL is passed over, as it is not the tests' to stop.
func PrivateMySQL(tb testing.TB) *MySQLServer {
	tb.Helper()
	server := start(tb, "MySQL that can be stopped", &process().privateMySQL)
	tb.Cleanup(func() {
		if err := server.Close(); err != nil {
			tb.Errorf("end the test's MySQL: %v", err)
		}
	})
	config := create(tb, server)
	return &MySQLServer{SQL: SQL{URL: "mysql://" + config.FormatDSN(), Engine: server.Engine}, server: server}
}

// Kill ends the server as a crash would.
func (s *MySQLServer) Kill(tb testing.TB) {
	tb.Helper()
	control(tb, "kill MySQL", s.server.Kill)
}

// Start starts a killed server on the same address, with what was committed.
func (s *MySQLServer) Start(tb testing.TB) {
	tb.Helper()
	control(tb, "start MySQL", s.server.Start)
}
