package database_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/enginetest"
)

func TestInTxCommitsOrLeavesNothing(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, e *enginetest.SQL) {
		db, other := counters(t, e.URL), open(t, e.URL)
		refused := errors.New("the caller's own")
		for _, want := range []error{nil, refused} {
			attempts := 0
			err := db.InTx(t.Context(), func(tx *sql.Tx) error {
				attempts++
				return errors.Join(increment(t.Context(), tx, 1), increment(t.Context(), tx, 2), want)
			})
			if !errors.Is(err, want) {
				t.Errorf("error = %v, want %v", err, want)
			}
			if attempts != 1 {
				t.Errorf("%d attempts, want 1", attempts)
			}
			expect(t, other, 1, 1)
		}
	})
}

// TestInTxAfterPanic: a handler's panic is recovered far above, and the next request must find the database usable.
func TestInTxAfterPanic(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, e *enginetest.SQL) {
		db := counters(t, e.URL)
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic was swallowed")
				}
			}()
			_ = db.InTx(context.WithoutCancel(t.Context()), func(tx *sql.Tx) error {
				panic(increment(t.Context(), tx, 1))
			})
		}()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if err := db.InTx(ctx, func(tx *sql.Tx) error { return increment(ctx, tx, 2) }); err != nil {
			t.Errorf("after a panic: %v", err)
		}
		expect(t, db, 0, 1)
	})
}

func TestInTxCancelled(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, e *enginetest.SQL) {
		db := counters(t, e.URL)
		for name, fn := range map[string]func(ctx context.Context, cancel func(), tx *sql.Tx) error{
			"before the work": func(ctx context.Context, cancel func(), tx *sql.Tx) error { cancel(); return increment(ctx, tx, 1) },
			"before the commit": func(ctx context.Context, cancel func(), tx *sql.Tx) error {
				err := increment(ctx, tx, 1)
				cancel()
				return err
			},
			"well before the commit": func(ctx context.Context, cancel func(), tx *sql.Tx) error {
				err := increment(ctx, tx, 1)
				cancel()
				for err == nil { // until database/sql has rolled back by itself
					_, err = tx.ExecContext(context.WithoutCancel(ctx), "SELECT 1")
				}
				if errors.Is(err, sql.ErrTxDone) {
					err = nil
				}
				return err
			},
		} {
			ctx, cancel := context.WithCancel(t.Context())
			err := db.InTx(ctx, func(tx *sql.Tx) error { return fn(ctx, cancel, tx) })
			if !errors.Is(err, context.Canceled) || errors.Is(err, database.ErrOutcomeUnknown) {
				t.Errorf("%s: error = %v", name, err)
			}
		}
		cancelled, cancel := context.WithCancel(t.Context())
		cancel()
		if err := db.InTx(cancelled, func(*sql.Tx) error { return nil }); !errors.Is(err, context.Canceled) {
			t.Errorf("before the begin: error = %v", err)
		}
		expect(t, db, 0, 0)
		write(t, db, "UPDATE counters SET n = 7 WHERE id = 1") // nothing is left locked
		expect(t, db, 7, 0)
	})
}

// TestInTxRetriesContention feeds the error of a lost race into the transaction, as the database would.
func TestInTxRetriesContention(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, e *enginetest.SQL) {
		db := counters(t, e.URL)
		deadlock := fmt.Errorf("change user: %w", &mysql.MySQLError{Number: 1213, Message: "Deadlock found"})
		for _, tc := range []struct{ losses, attempts int }{{0, 1}, {1, 2}, {3, 4}, {4, 4}} {
			write(t, db, "UPDATE counters SET n = 0")
			attempts := 0
			err := db.InTx(t.Context(), func(tx *sql.Tx) error {
				attempts++
				err := increment(t.Context(), tx, 1)
				if attempts <= tc.losses {
					err = errors.Join(err, deadlock)
				}
				return err
			})
			if attempts != tc.attempts {
				t.Errorf("%d losses: %d attempts, want %d", tc.losses, attempts, tc.attempts)
			}
			if won := tc.losses < 4; won {
				if err != nil {
					t.Errorf("%d losses: %v", tc.losses, err)
				}
				expect(t, db, 1, 0)
			} else {
				if !database.IsContention(err) {
					t.Errorf("%d losses: error = %v", tc.losses, err)
				}
				expect(t, db, 0, 0)
			}
		}
	})
}

// TestInTxCancelledBetweenAttempts: whoever gives up while it waits for the next attempt is told at once.
func TestInTxCancelledBetweenAttempts(t *testing.T) {
	t.Parallel()
	db := counters(t, enginetest.SQLite(t).URL)
	ctx, cancel := context.WithCancel(t.Context())
	attempts := 0
	err := db.InTx(ctx, func(*sql.Tx) error {
		attempts++
		cancel()
		return &mysql.MySQLError{Number: 1213}
	})
	if err == nil || errors.Is(err, database.ErrOutcomeUnknown) || attempts != 1 {
		t.Errorf("error = %v after %d attempts", err, attempts)
	}
}

// TestDeadlock makes two transactions wait for each other. The database ends one; both must succeed.
func TestDeadlock(t *testing.T) {
	t.Parallel()
	db := counters(t, enginetest.MySQL(t).URL)
	var attempts [2]int
	var firstLocks, all sync.WaitGroup
	firstLocks.Add(2)
	for i := range 2 {
		all.Go(func() {
			err := db.InTx(t.Context(), func(tx *sql.Tx) error {
				if err := increment(t.Context(), tx, 1+i); err != nil {
					return err
				}
				if attempts[i]++; attempts[i] == 1 {
					firstLocks.Done()
					firstLocks.Wait()
				}
				return increment(t.Context(), tx, 2-i)
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if attempts[0]+attempts[1] != 3 {
		t.Errorf("attempts = %v, want one of them to be the second", attempts)
	}
	expect(t, db, 2, 2)
}

// TestLockTimeout: a row that another transaction holds is waited for a while, and then the transaction begins anew.
func TestLockTimeout(t *testing.T) {
	t.Parallel()
	e := enginetest.MySQL(t)
	db, impatient := counters(t, e.URL), open(t, withParameter(e.URL, "innodb_lock_wait_timeout=1"))
	locked, release := make(chan struct{}), make(chan struct{})
	var holder sync.WaitGroup
	holder.Go(func() {
		err := db.InTx(t.Context(), func(tx *sql.Tx) error {
			err := increment(t.Context(), tx, 1)
			close(locked)
			<-release
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
	<-locked
	attempts := 0
	err := impatient.InTx(t.Context(), func(tx *sql.Tx) error {
		if attempts++; attempts == 2 {
			close(release)
		}
		return increment(t.Context(), tx, 1)
	})
	if err != nil || attempts < 2 { // the holder's commit may take longer than a wait
		t.Errorf("error = %v after %d attempts", err, attempts)
	}
	holder.Wait()
	expect(t, db, 2, 0)
}

// TestLockWaitIsShort: the server must give up before the connection does, or a lock that is not to be had looks like a
// server that is away, and the server goes on waiting for nobody.
func TestLockWaitIsShort(t *testing.T) {
	t.Parallel()
	db := open(t, enginetest.MySQL(t).URL)
	var seconds int
	if err := db.QueryRowContext(t.Context(), "SELECT @@innodb_lock_wait_timeout").Scan(&seconds); err != nil {
		t.Fatal(err)
	}
	if seconds > 5 {
		t.Errorf("a lock is waited for %d s", seconds)
	}
}

// TestReadCommitted: a transaction sees what others have committed meanwhile, on every connection of the pool.
func TestReadCommitted(t *testing.T) {
	t.Parallel()
	db := counters(t, enginetest.MySQL(t).URL)
	for range 3 { // connections are made anew
		err := db.InTx(t.Context(), func(tx *sql.Tx) error {
			for want := range 3 {
				var got int
				if err := tx.QueryRowContext(t.Context(), "SELECT n FROM counters WHERE id = 1").Scan(&got); err != nil {
					return err
				}
				if got != want {
					t.Errorf("counter = %d, want %d", got, want)
				}
				write(t, db, "UPDATE counters SET n = n + 1 WHERE id = 1")
			}
			_, err := tx.ExecContext(t.Context(), "UPDATE counters SET n = 0 WHERE id = 1")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestParallelWriters: no increment is lost, by whatever process it was made.
func TestParallelWriters(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, e *enginetest.SQL) {
		url := e.URL
		if strings.HasPrefix(url, "mysql://") { // the last waits for the commits of all others, each of which a disk may delay
			url = withParameter(url, "innodb_lock_wait_timeout=25") // less than a connection waits
		}
		processes := []*database.DB{counters(t, url), open(t, url)}
		var all sync.WaitGroup
		for i := range 40 {
			all.Go(func() {
				db := processes[i%2]
				err := db.InTx(t.Context(), func(tx *sql.Tx) error {
					return errors.Join(increment(t.Context(), tx, 1), increment(t.Context(), tx, 2))
				})
				if err != nil {
					t.Error(err)
				}
				var n int
				if err := db.QueryRowContext(t.Context(), "SELECT n FROM counters WHERE id = 1").Scan(&n); err != nil || n == 0 {
					t.Errorf("n = %d, %v", n, err)
				}
			})
		}
		all.Wait()
		expect(t, processes[0], 40, 40)
	})
}
