package database_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/enginetest"
)

// hold begins a transaction that writes and keeps it open until the function it returns is called.
func hold(t *testing.T, db *database.DB) (release func()) {
	t.Helper()
	locked, open, ended := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		ended <- db.InTx(t.Context(), func(tx *sql.Tx) error {
			err := increment(t.Context(), tx, 1)
			close(locked)
			<-open
			return err
		})
	}()
	<-locked
	return func() {
		t.Helper()
		close(open)
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

// TestSQLiteWaitsForAnotherProcess: its writer's turn ends soon, so one that is busy is waited for.
func TestSQLiteWaitsForAnotherProcess(t *testing.T) {
	t.Parallel()
	e := enginetest.SQLite(t)
	db, other := counters(t, e.URL), open(t, e.URL)
	release := hold(t, other)
	expect(t, db, 0, 0) // readers do not wait, and see what was committed
	done := make(chan error)
	go func() {
		done <- db.InTx(t.Context(), func(tx *sql.Tx) error { return increment(t.Context(), tx, 2) })
	}()
	release()
	if err := <-done; err != nil {
		t.Error(err)
	}
	expect(t, db, 1, 1)
}

// TestSQLiteGivesUpInTime: whoever waits for another process's writer can be called off. One who cannot waits for five
// seconds each time; the machine may make anybody late at times.
func TestSQLiteGivesUpInTime(t *testing.T) {
	t.Parallel()
	e := enginetest.SQLite(t)
	db, other := counters(t, e.URL), open(t, e.URL)
	release := hold(t, other)
	quickest := time.Hour
	for tries := 5; tries > 0 && quickest > 2*time.Second; tries-- {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		began := time.Now()
		err := db.InTx(ctx, func(*sql.Tx) error { t.Error("a transaction beside another"); return nil })
		quickest = min(quickest, time.Since(began))
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) && !database.IsContention(err) || errors.Is(err, database.ErrOutcomeUnknown) {
			t.Errorf("error = %v", err)
		}
	}
	if quickest > 2*time.Second {
		t.Errorf("gave up after %v, want 100ms", quickest)
	}
	release()
	write(t, db, "UPDATE counters SET n = 7 WHERE id = 2")
	expect(t, db, 1, 7)
}

// TestSQLiteBusyIsContention: what SQLite says where it does not wait, or has waited long enough.
func TestSQLiteBusyIsContention(t *testing.T) {
	t.Parallel()
	e := enginetest.SQLite(t)
	db := counters(t, e.URL)
	impatient, err := sql.Open("sqlite", "file:"+strings.TrimPrefix(e.URL, "sqlite://")+"?_pragma=busy_timeout(0)&_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	defer impatient.Close()
	release := hold(t, db)
	if _, err := impatient.BeginTx(t.Context(), nil); !database.IsContention(err) || database.IsUnavailable(err) {
		t.Errorf("error = %v", err)
	}
	release()
}

// TestSQLiteWaitsForItsOwnWriter: within a process writers queue, and can be called off too.
func TestSQLiteWaitsForItsOwnWriter(t *testing.T) {
	t.Parallel()
	db := counters(t, enginetest.SQLite(t).URL)
	release := hold(t, db)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := db.InTx(ctx, func(*sql.Tx) error { return nil }); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error = %v", err)
	}
	release()
	expect(t, db, 1, 0)
}

// TestSQLiteReaders: the embedded pool cannot write, so no write goes past the one writer.
func TestSQLiteReaders(t *testing.T) {
	t.Parallel()
	db := counters(t, enginetest.SQLite(t).URL)
	if _, err := db.ExecContext(t.Context(), "UPDATE counters SET n = 1"); err == nil {
		t.Error("a reader can write")
	}
	expect(t, db, 0, 0)
	for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "5000"} {
		var reader, writer string
		if err := db.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&reader); err != nil {
			t.Fatal(err)
		}
		err := db.InTx(t.Context(), func(tx *sql.Tx) error {
			return tx.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&writer)
		})
		if err != nil {
			t.Fatal(err)
		}
		if reader != want || writer != want {
			t.Errorf("%s = %s for readers, %s for the writer, want %s", pragma, reader, writer, want)
		}
	}
}

// TestSQLiteFile: the file is where the URL says, whatever its name, in a folder that only its owner can read.
func TestSQLiteFile(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"ums.db", "a b.db", "100%.db", "%41.db", "a#b.db", "a+b&c=d.db", "ämter.db", "a:b.db", "a;b.db"} {
		folder := filepath.Join(t.TempDir(), "new", "folder")
		counters(t, "sqlite:///"+folder+"//"+name)
		entries, err := os.ReadDir(folder)
		if err != nil {
			t.Fatal(err)
		}
		if len(entries) == 0 || entries[0].Name() != name {
			t.Errorf("%s: there is %v", name, entries)
		}
		if info, err := os.Stat(folder); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%s: the folder is %v, %v", name, info.Mode(), err)
		}
	}
}

func TestSQLiteFolderCannotBeMade(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := (database.Config{URL: "sqlite://" + file + "/folder/ums.db"}).Open(); err == nil {
		t.Error("a folder was made below a file")
	}
}

// TestAFullSQLiteIsUnavailable: nothing is wrong with what was asked, and there may be room again.
func TestAFullSQLiteIsUnavailable(t *testing.T) {
	t.Parallel()
	db := open(t, enginetest.SQLite(t).URL)
	write(t, db, "CREATE TABLE filled (blob TEXT NOT NULL)")
	write(t, db, "PRAGMA max_page_count = 8")
	err := db.InTx(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(t.Context(), "INSERT INTO filled (blob) VALUES (?)", strings.Repeat("x", 1<<20))
		return err
	})
	if !database.IsUnavailable(err) || database.IsContention(err) {
		t.Errorf("error = %v, want one that says that the database is unavailable", err)
	}
}
