package database_test

import (
	"context"
	"database/sql"
	"testing"

	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/enginetest"
)

// onEach runs a test on a new, empty database of each kind.
func onEach(t *testing.T, test func(t *testing.T, e *enginetest.SQL)) {
	t.Helper()
	t.Run("MySQL", func(t *testing.T) {
		t.Parallel()
		test(t, enginetest.MySQL(t))
	})
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		test(t, enginetest.SQLite(t))
	})
}

// open opens the database as one process would: the second call stands for a second process.
func open(t *testing.T, url string) *database.DB {
	t.Helper()
	db, err := database.Config{URL: url}.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return db
}

// counters opens the database and gives it the table counters(id, n) with the rows 1 and 2, both at 0.
func counters(t *testing.T, url string) *database.DB {
	t.Helper()
	db := open(t, url)
	write(t, db, "CREATE TABLE counters (id INTEGER NOT NULL PRIMARY KEY, n BIGINT NOT NULL)")
	write(t, db, "INSERT INTO counters (id, n) VALUES (1, 0), (2, 0)")
	return db
}

// write runs one statement in a transaction of its own.
func write(t *testing.T, db *database.DB, query string, args ...any) {
	t.Helper()
	err := db.InTx(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(t.Context(), query, args...)
		return err
	})
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// increment adds 1 to a counter within a transaction.
func increment(ctx context.Context, tx *sql.Tx, id int) error {
	_, err := tx.ExecContext(ctx, "UPDATE counters SET n = n + 1 WHERE id = ?", id)
	return err
}

// expect fails unless the counters are at these values.
func expect(t *testing.T, db *database.DB, first, second int) {
	t.Helper()
	for id, want := range map[int]int{1: first, 2: second} {
		var got int
		if err := db.QueryRowContext(t.Context(), "SELECT n FROM counters WHERE id = ?", id).Scan(&got); err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Errorf("counter %d = %d, want %d", id, got, want)
		}
	}
}
