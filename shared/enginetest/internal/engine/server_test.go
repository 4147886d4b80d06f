package engine_test

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/glarimy/ums/shared/enginetest/internal/engine"
)

// newHost is this machine without servers that somebody else named.
func newHost(t *testing.T) *engine.Host {
	t.Helper()
	host := engine.NewHost(t.Output())
	host.Getenv = func(name string) string {
		if strings.HasPrefix(name, "TEST_") {
			return ""
		}
		return os.Getenv(name)
	}
	return host
}

// startFrom starts a server, skipping a test of what this machine does not offer. The apt sources are left out: tests
// do not install.
func startFrom(t *testing.T, s engine.Source) *engine.Server {
	t.Helper()
	if strings.HasPrefix(s.Name, "apt") {
		t.Skip("installs packages")
	}
	server, err := s.Start(t.Context())
	if errors.Is(err, engine.ErrAbsent) {
		t.Skip(err)
	} else if err != nil {
		t.Fatalf("start from %s: %v", s.Name, err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return server
}

// talk gives the server's answer to one line of Redis's inline protocol, in the database of the URL.
func talk(ctx context.Context, server, line string) (string, error) {
	u, err := url.Parse(server)
	if err != nil {
		return "", err
	}
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", u.Host)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if deadline, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(deadline)
	}
	fmt.Fprintf(conn, "SELECT %s\r\n%s\r\n", strings.TrimPrefix(u.Path, "/"), line)
	lines := bufio.NewScanner(conn)
	for range 2 {
		if !lines.Scan() {
			return "", errors.Join(errors.New("no answer"), lines.Err())
		}
	}
	return lines.Text(), nil
}

func TestRedisServersObey(t *testing.T) {
	t.Parallel()
	for _, s := range newHost(t).RedisSources()[1:] {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			obeysAndForgets(t, startFrom(t, s))
		})
	}
}

func TestMySQLServersObey(t *testing.T) {
	t.Parallel()
	for _, s := range newHost(t).PrivateMySQLSources() {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			if testing.Short() {
				t.Skip("takes some seconds for each start")
			}
			server := startFrom(t, s)
			commit(t, server)
			obeys(t, server, mysqlProbe)
			hasCommitted(t, server)
		})
	}
}

// obeysAndForgets is obeys for a Redis, which must be empty after all the restarts.
func obeysAndForgets(t *testing.T, server *engine.Server) {
	t.Helper()
	if got, err := talk(t.Context(), server.URL, "SET k v"); err != nil || got != "+OK" {
		t.Fatalf("SET k v: got %q, %v", got, err)
	}
	obeys(t, server, redisProbe)
	if got, err := talk(t.Context(), server.URL, "DBSIZE"); err != nil || got != ":0" {
		t.Errorf("DBSIZE after the restarts: got %q, %v, want :0", got, err)
	}
}

// redisProbe is nil if the server answers.
func redisProbe(ctx context.Context, url string) error {
	_, err := talk(ctx, url, "PING")
	return err
}

// mysqlProbe is nil if the server answers.
func mysqlProbe(ctx context.Context, url string) error {
	return onMySQL(url, func(db *sql.DB) error { return db.PingContext(ctx) })
}

func onMySQL(url string, do func(*sql.DB) error) error {
	config, err := engine.MySQLConfig(url)
	if err != nil {
		return err
	}
	config.Logger = &mysql.NopLogger{} // breaking connections is the point
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return err
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	return do(db)
}

// obeys takes a running server through everything that can be done to it.
func obeys(t *testing.T, server *engine.Server, probe func(context.Context, string) error) {
	t.Helper()
	began := time.Now()
	steps := []struct {
		name    string
		do      func(context.Context) error
		answers bool
	}{
		{"pause", server.Pause, false},
		{"resume", server.Resume, true},
		{"kill", server.Kill, false},
		{"kill again", server.Kill, false},
		{"start", server.Start, true},
		{"stop", server.Stop, false},
		{"start after a stop", server.Start, true},
		{"pause before a kill", server.Pause, false},
		{"kill while paused", server.Kill, false},
		{"start after a kill while paused", server.Start, true},
	}
	for _, step := range steps {
		if err := step.do(t.Context()); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		patience := 300 * time.Millisecond
		if step.answers {
			patience = 20 * time.Second
		}
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		err := probe(ctx, server.URL)
		cancel()
		if step.answers && err != nil {
			t.Errorf("after %s: got %v, want an answer", step.name, err)
		} else if !step.answers && err == nil {
			t.Errorf("after %s: got an answer, want none", step.name)
		}
		t.Logf("%v %s", time.Since(began).Round(time.Millisecond), step.name)
	}
	if err := server.Start(t.Context()); err == nil {
		t.Errorf("start of a running server: got no error")
	}
}

// commit stores a row.
func commit(t *testing.T, server *engine.Server) {
	t.Helper()
	err := onMySQL(server.URL, func(db *sql.DB) error {
		_, err := db.ExecContext(t.Context(), "CREATE DATABASE kept")
		if err == nil {
			_, err = db.ExecContext(t.Context(), "CREATE TABLE kept.answers (n INT PRIMARY KEY) AS SELECT 42 AS n")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// hasCommitted checks that the row of commit is there.
func hasCommitted(t *testing.T, server *engine.Server) {
	t.Helper()
	err := onMySQL(server.URL, func(db *sql.DB) error {
		var n int
		return db.QueryRowContext(t.Context(), "SELECT n FROM kept.answers").Scan(&n)
	})
	if err != nil {
		t.Errorf("read what was committed before the server was killed: %v", err)
	}
}
