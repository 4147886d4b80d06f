package usercache_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"path/filepath"
	"testing"
	"time"

	_ "modernc.org/sqlite" // registers the driver

	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/user"
)

// table is a table of users in a real database, just large enough for the protocol: a user has a revision, which
// counts its writes from 0 on, and is there or not.
type table struct {
	db *sql.DB

	insert, update, find, revision *sql.Stmt
}

// phoneBase is the number of revision 0; each revision has the next.
const phoneBase = 9_000_000_000

var joined = time.Date(2022, 9, 12, 10, 0, 0, 0, time.UTC)

// sqliteTable returns a table in a file that need not outlive a power cut.
func sqliteTable(t testing.TB) *table {
	t.Helper()
	file := filepath.Join(t.TempDir(), "users.db")
	db, err := sql.Open("sqlite", "file:"+file+
		"?_pragma=journal_mode(WAL)&_pragma=synchronous(OFF)&_pragma=busy_timeout(10000)&_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	return newTable(t, db)
}

// mysqlTable returns a table in the database of a URL as DATABASE_URL has it.
func mysqlTable(t testing.TB, rawURL string) *table {
	t.Helper()
	u, err := database.ParseURL(rawURL, "")
	if err != nil {
		t.Fatal(err)
	}
	db, err := database.Open(u, database.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return newTable(t, db.DB)
}

func newTable(tb testing.TB, db *sql.DB) *table {
	tb.Helper()
	tb.Cleanup(func() { _ = db.Close() })
	db.SetMaxIdleConns(16)
	const create = `CREATE TABLE users (name VARCHAR(32) PRIMARY KEY, revision BIGINT NOT NULL, present INT NOT NULL)`
	if _, err := db.ExecContext(tb.Context(), create); err != nil {
		tb.Fatalf("create the table: %v", err)
	}
	t := &table{db: db}
	for statement, text := range map[**sql.Stmt]string{
		&t.insert:   `INSERT INTO users VALUES (?, 0, 1)`,
		&t.update:   `UPDATE users SET revision = revision + 1, present = ? WHERE name = ?`,
		&t.find:     `SELECT revision, present FROM users WHERE name = ?`,
		&t.revision: `SELECT revision FROM users WHERE name = ?`,
	} {
		var err error
		if *statement, err = db.PrepareContext(tb.Context(), text); err != nil {
			tb.Fatalf("prepare %s: %v", text, err)
		}
	}
	return t
}

// add puts a user in, at revision 0.
func (t *table) add(ctx context.Context, name user.Name) error {
	_, err := t.insert.ExecContext(ctx, name.String())
	return err
}

// Find implements usercache.Source.
func (t *table) Find(ctx context.Context, name user.Name) (user.User, error) {
	var revision uint64
	var present bool
	switch err := t.find.QueryRowContext(ctx, name.String()).Scan(&revision, &present); {
	case errors.Is(err, sql.ErrNoRows), err == nil && !present:
		return user.User{}, user.ErrNotFound
	case err != nil:
		return user.User{}, err
	}
	return atRevision(name, revision), nil
}

// atRevision returns the user as the table has it at a revision.
func atRevision(name user.Name, revision uint64) user.User {
	phone, err := user.NewPhoneNumber(phoneBase + revision)
	if err != nil {
		panic(err)
	}
	return user.User{Name: name, Phone: phone, Since: joined, Version: revision + 1}
}

// begin starts a transaction that makes the next revision. It returns holding the row's lock.
func (t *table) begin(ctx context.Context, name user.Name, present bool) (*change, error) {
	tx, err := t.db.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	if _, err := tx.StmtContext(ctx, t.update).ExecContext(ctx, present, name.String()); err != nil {
		return nil, errors.Join(err, tx.Rollback())
	}
	c := &change{Tx: tx}
	if err := tx.StmtContext(ctx, t.revision).QueryRowContext(ctx, name.String()).Scan(&c.revision); err != nil {
		return nil, errors.Join(err, tx.Rollback())
	}
	return c, nil
}

// change is a transaction that has changed a user.
type change struct {
	*sql.Tx
	revision uint64
}

// newName returns a name that nothing else uses, whatever a Redis still holds of others.
func newName(t testing.TB) user.Name {
	t.Helper()
	name, err := user.NewName(rand.Text())
	if err != nil {
		t.Fatal(err)
	}
	return name
}
