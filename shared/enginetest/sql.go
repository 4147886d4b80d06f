package enginetest

import (
	"path/filepath"
	"strings"
	"testing"
)

// SQL is an empty database that one test has to itself.
type SQL struct {
	// URL has the form of DATABASE_URL: mysql://user:password@tcp(127.0.0.1:port)/name or sqlite:///path/name.db.
	URL string
	// Engine is the product and its version as the server tells them: "MySQL 9.7.0", "MariaDB 10.11.6", "SQLite".
	Engine string
}

// IsMySQL says whether the engine is MySQL itself, which MariaDB is not.
func (s *SQL) IsMySQL() bool { return strings.HasPrefix(s.Engine, "MySQL ") }

// RequireMySQL skips a test of what only MySQL does, such as its plans and its locks.
func (s *SQL) RequireMySQL(tb testing.TB) {
	tb.Helper()
	if !s.IsMySQL() {
		tb.Skipf("needs MySQL itself; the engine is %s", s.Engine)
	}
}

// SQLite gives tb a path for a database file that does not exist yet, in a folder that goes when tb ends.
func SQLite(tb testing.TB) *SQL {
	tb.Helper()
	path := filepath.ToSlash(filepath.Join(tb.TempDir(), "ums.db"))
	return &SQL{URL: "sqlite://" + path, Engine: "SQLite"}
}
