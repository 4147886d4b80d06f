package migrations_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/glarimy/ums/migrations"
	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/enginetest"
	"github.com/glarimy/ums/shared/schema"
)

// engine is an empty database to migrate.
type engine struct {
	name string
	url  database.URL
	raw  string // the URL as an environment variable has it
}

// onEach runs a test on an empty database of each kind.
func onEach(t *testing.T, test func(t *testing.T, e engine)) {
	t.Helper()
	for name, empty := range map[string]func(testing.TB) *enginetest.SQL{"mysql": enginetest.MySQL, "sqlite": enginetest.SQLite} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			raw := empty(t).URL
			test(t, engine{name: name, url: parse(t, raw), raw: raw})
		})
	}
}

func parse(t *testing.T, raw string) database.URL {
	t.Helper()
	url, err := database.ParseURL(raw, "")
	if err != nil {
		t.Fatal(err)
	}
	return url
}

func newMigrator(t *testing.T, url database.URL, o migrations.Options) *migrations.Migrator {
	t.Helper()
	m, err := migrations.New(url, o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// up brings the schema to the newest version of a fresh Migrator and returns the Migrator.
func up(t *testing.T, url database.URL) *migrations.Migrator {
	t.Helper()
	m := newMigrator(t, url, migrations.Options{})
	if _, err := m.Up(t.Context(), migrations.All); err != nil {
		t.Fatal(err)
	}
	return m
}

// set returns the migrations that the program was built with.
func set(t *testing.T, d database.Dialect) []migrations.Migration {
	t.Helper()
	files, err := migrations.Files(d)
	if err != nil {
		t.Fatal(err)
	}
	set, err := migrations.Read(files)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// filesOf makes files of migrations again, so that a test can build another program's set.
func filesOf(set ...migrations.Migration) fstest.MapFS {
	files := fstest.MapFS{}
	for _, m := range set {
		files[m.String()+".up.sql"] = &fstest.MapFile{Data: []byte(m.Up)}
		files[m.String()+".down.sql"] = &fstest.MapFile{Data: []byte(m.Down)}
	}
	return files
}

// pool opens the database for a test's own statements, writing ones included.
func (e engine) pool(t *testing.T) *sql.DB {
	t.Helper()
	driver, dsn := "sqlite", "file:"+e.url.Path()+"?_pragma=busy_timeout(10000)"
	if e.url.Dialect() == database.MySQL {
		driver, dsn = "mysql", strings.TrimPrefix(e.url.Migrate(), "mysql://")
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func (e engine) execute(t *testing.T, statements ...string) {
	t.Helper()
	db := e.pool(t)
	for _, s := range statements {
		if _, err := db.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// version fails the test unless the schema is clean at a version.
func (e engine) wantVersion(t *testing.T, want uint64) {
	t.Helper()
	got, err := newMigrator(t, e.url, migrations.Options{}).Version(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got.Version != want || got.Dirty {
		t.Errorf("the schema is at %+v, want version %d, clean", got, want)
	}
}

// snapshot returns the text of every object in the database but golang-migrate's table, and of the floor.
func (e engine) snapshot(t *testing.T) string {
	t.Helper()
	db := e.pool(t)
	var b strings.Builder
	if e.url.Dialect() == database.SQLite {
		// SQLite makes sqlite_sequence at the first AUTOINCREMENT and forbids its removal.
		const query = `SELECT type || ' ' || name || ' ' || COALESCE(sql, '') FROM sqlite_master
			WHERE name NOT LIKE 'sqlite\_%' ESCAPE '\' AND tbl_name <> 'schema_migrations' ORDER BY 1`
		for _, line := range column(t, db, query) {
			b.WriteString(line + "\n")
		}
	} else {
		const tables = `SELECT table_name FROM information_schema.tables
			WHERE table_schema = DATABASE() AND table_name <> 'schema_migrations' ORDER BY 1`
		for _, table := range column(t, db, tables) {
			var name, text string
			if err := db.QueryRowContext(t.Context(), "SHOW CREATE TABLE "+table).Scan(&name, &text); err != nil {
				t.Fatal(err)
			}
			b.WriteString(text + "\n")
		}
	}
	state, err := schema.Read(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(&b, "floor %d\n", state.Floor)
	return b.String()
}

// column returns the rows of a query of one column.
func column(t *testing.T, db *sql.DB, query string) []string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		found = append(found, s)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		t.Fatal(err)
	}
	return found
}

// onRecord is a handler that calls a function with every record.
type onRecord struct {
	slog.Handler
	call func(slog.Record)
}

func (h onRecord) Enabled(context.Context, slog.Level) bool { return true }

func (h onRecord) Handle(_ context.Context, r slog.Record) error {
	h.call(r)
	return nil
}
