package lease_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/enginetest"
	"github.com/glarimy/ums/shared/lease"
)

const name = "test"

// onEach runs a test on a database of each kind that holds the table of leases.
func onEach(t *testing.T, test func(t *testing.T, url string)) {
	t.Helper()
	for dialect, empty := range map[string]func(testing.TB) *enginetest.SQL{"mysql": enginetest.MySQL, "sqlite": enginetest.SQLite} {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			table, err := os.ReadFile("../../migrations/" + dialect + "/000011_create_lease.up.sql")
			if err != nil {
				t.Fatal(err)
			}
			url := empty(t).URL
			execute(t, open(t, url), string(table))
			test(t, url)
		})
	}
}

func open(t *testing.T, url string) *database.DB {
	t.Helper()
	db, err := database.Config{URL: url}.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func execute(t *testing.T, db *database.DB, statement string, args ...any) {
	t.Helper()
	err := db.InTx(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(t.Context(), statement, args...)
		return err
	})
	if err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// term is one time of leading.
type term struct {
	ctx context.Context
	end chan error // what lead is to return
}

// candidate competes in the background until t ends.
type candidate struct {
	terms chan term // each time it leads
	stop  func() error
}

func compete(t *testing.T, db *database.DB, duration time.Duration) candidate {
	t.Helper()
	return competeAs(t, lease.New(db, lease.Options{Name: name, Duration: duration}))
}

func competeAs(t *testing.T, l *lease.Lease) candidate {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	c := candidate{terms: make(chan term, 100)}
	ended := make(chan error, 1)
	go func() {
		ended <- l.Run(ctx, func(ctx context.Context) error {
			now := term{ctx: ctx, end: make(chan error, 1)}
			c.terms <- now
			select {
			case err := <-now.end:
				return err
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	}()
	c.stop = sync.OnceValue(func() error { cancel(); return <-ended })
	t.Cleanup(func() { _ = c.stop() })
	return c
}

// wait returns the next term, or fails t.
func (c candidate) wait(t *testing.T) term {
	t.Helper()
	select {
	case now := <-c.terms:
		return now
	case <-time.After(30 * time.Second):
		t.Fatal("the candidate does not lead")
		return term{}
	}
}

// TestOneLeads hands one lease through many candidates, some of which give it up and some of which just go.
func TestOneLeads(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, url string) {
		const candidates = 6
		var leading, terms atomic.Int32
		var all sync.WaitGroup
		for i := range candidates {
			db := open(t, url)
			l := lease.New(db, lease.Options{Name: name, Duration: 3 * time.Second})
			all.Go(func() {
				run, leave := context.WithCancel(t.Context())
				defer leave()
				_ = l.Run(run, func(ctx context.Context) error {
					if n := leading.Add(1); n != 1 {
						t.Errorf("%d lead at a time", n)
					}
					defer leading.Add(-1)
					terms.Add(1)
					if i%2 == 0 {
						return nil // gives it up
					}
					_ = db.Close() // cannot renew it any more, nor give it up
					<-ctx.Done()
					if cause := context.Cause(ctx); !errors.Is(cause, lease.ErrLost) {
						t.Errorf("the term ended by %v, want ErrLost", cause)
					}
					leave()
					return nil
				})
			})
		}
		all.Wait()
		if got := terms.Load(); got != candidates {
			t.Errorf("there were %d terms, want one of each of %d candidates", got, candidates)
		}
	})
}

// TestLossIsToldBeforeTheNextLeads cuts a leader off, as a crash or a broken network does.
func TestLossIsToldBeforeTheNextLeads(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, url string) {
		const duration = 3 * time.Second
		cut := open(t, url)
		first := compete(t, cut, duration)
		term := first.wait(t)
		second := compete(t, open(t, url), duration)
		_ = cut.Close()
		second.wait(t)
		select {
		case <-term.ctx.Done():
		default:
			t.Error("the first still leads when the second does")
		}
		if cause := context.Cause(term.ctx); !errors.Is(cause, lease.ErrLost) {
			t.Errorf("the first's term ended by %v, want ErrLost", cause)
		}
	})
}

func TestALeaseIsRenewed(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, url string) {
		const duration = 15 * time.Second // so that a machine that stands still for a moment renews it in time
		db := open(t, url)
		c := compete(t, db, duration)
		term := c.wait(t)
		first, err := lease.Read(t.Context(), db, name)
		if err != nil || !first.Live || first.Holder == "" {
			t.Fatalf("Read: %+v, %v", first, err)
		}
		for now := first; !now.ExpiresAt.After(first.ExpiresAt.Add(duration)); <-time.After(duration / 50) {
			if now, err = lease.Read(t.Context(), db, name); err != nil {
				t.Fatal(err)
			}
			if now.Holder != first.Holder {
				t.Fatalf("the holder became %s", now.Holder)
			}
		}
		if term.ctx.Err() != nil {
			t.Errorf("the term ended: %v", context.Cause(term.ctx))
		}
	})
}

// TestADeposedLeaderCommitsNothing takes the lease away behind a leader's back, before and in the middle of a transaction.
func TestADeposedLeaderCommitsNothing(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, url string) {
		l := lease.New(open(t, url), lease.Options{Name: name, Duration: time.Hour})
		begin := func(within func()) error {
			return l.InTx(t.Context(), func(context.Context, *sql.Tx) error { within(); return nil })
		}
		refused := func(when string) {
			t.Helper()
			if err := begin(func() { t.Errorf("%s: there is a transaction", when) }); !errors.Is(err, lease.ErrLost) {
				t.Errorf("%s: %v, want ErrLost", when, err)
			}
		}
		refused("before it leads")
		const depose = "UPDATE ums_lease SET holder = 'another' WHERE name = 'test'"
		err := l.Run(t.Context(), func(ctx context.Context) error {
			other := open(t, url)
			taken := make(chan error, 1)
			err := begin(func() {
				go func() {
					taken <- other.InTx(ctx, func(tx *sql.Tx) error {
						_, err := tx.ExecContext(ctx, depose)
						return err
					})
				}()
				select {
				case err := <-taken:
					t.Errorf("the lease was taken in the middle of a transaction: %v", err)
				case <-time.After(100 * time.Millisecond):
				}
			})
			if err != nil {
				t.Errorf("while it leads: %v", err)
			}
			if err := <-taken; err != nil {
				t.Errorf("after the transaction the lease cannot be taken: %v", err)
			}
			refused("after it was deposed")
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
}

// TestATransactionOutlastsItsLease has work that takes longer than the lease lasts, which would otherwise be begun again
// and again without an end.
func TestATransactionOutlastsItsLease(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, url string) {
		db := open(t, url)
		execute(t, db, "CREATE TABLE done (n INTEGER)")
		l := lease.New(db, lease.Options{Name: name, Duration: 2 * time.Second})
		program, stop := context.WithCancel(t.Context())
		err := l.Run(program, func(leading context.Context) error {
			begun := false
			err := l.InTx(leading, func(ctx context.Context, tx *sql.Tx) error {
				begun = true
				<-leading.Done() // no renewal comes past the transaction
				_, err := tx.ExecContext(ctx, "INSERT INTO done VALUES (1)")
				return err
			})
			if !begun { // the machine stood still for as long as the lease lasts: it leads again
				return err
			}
			stop()
			if err != nil || !errors.Is(context.Cause(leading), lease.ErrLost) {
				t.Errorf("InTx = %v, and the term ended by %v", err, context.Cause(leading))
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
		var n int
		if err := db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM done").Scan(&n); err != nil || n != 1 {
			t.Errorf("%d rows are there, %v; want the one", n, err)
		}
	})
}

// TestATransactionEndsWithTheProgram finds that only the lease's end lets a transaction go on.
func TestATransactionEndsWithTheProgram(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, url string) {
		db := open(t, url)
		l := lease.New(db, lease.Options{Name: name, Duration: time.Hour})
		program, stop := context.WithCancel(t.Context())
		err := l.Run(program, func(leading context.Context) error {
			return l.InTx(leading, func(ctx context.Context, _ *sql.Tx) error {
				stop()
				<-ctx.Done()
				return ctx.Err()
			})
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("Run = %v, want the end of its context", err)
		}
	})
}

func TestStopGivesTheLeaseUp(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, url string) {
		db := open(t, url)
		for tries := 5; ; tries-- {
			var logs bytes.Buffer
			logger := slog.New(slog.NewTextHandler(&logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
			first := competeAs(t, lease.New(db, lease.Options{Name: name, Duration: time.Hour, Logger: logger}))
			first.wait(t)
			if err := first.stop(); !errors.Is(err, context.Canceled) {
				t.Errorf("Run = %v, want the end of its context", err)
			}
			state, err := lease.Read(t.Context(), db, name)
			if err == nil && !state.Live {
				break
			}
			// A database that is slow at that moment does not take it within the second that it has, of which the log tells.
			if err != nil || tries == 0 || !strings.Contains(logs.String(), "not given up") {
				t.Fatalf("Read: %+v, %v, want a lease that has ended", state, err)
			}
			execute(t, db, "UPDATE ums_lease SET expires_at = "+db.Dialect.Now())
		}
		compete(t, db, 3*time.Second).wait(t)
	})
}

func TestWhatLeadReturns(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, url string) {
		db := open(t, url)
		failure := errors.New("the work failed")
		for _, want := range []error{nil, failure} {
			got := lease.New(db, lease.Options{Name: name}).Run(t.Context(), func(context.Context) error { return want })
			if !errors.Is(got, want) {
				t.Errorf("Run = %v, want %v", got, want)
			}
		}
	})
}

// TestALeaseTakenAway is what a leader sees after an operator, or a clock that jumped, gave its lease to another.
func TestALeaseTakenAway(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, url string) {
		db := open(t, url)
		c := compete(t, db, 3*time.Second)
		term := c.wait(t)
		execute(t, db, "UPDATE ums_lease SET holder = 'another'")
		<-term.ctx.Done()
		if cause := context.Cause(term.ctx); !errors.Is(cause, lease.ErrLost) {
			t.Errorf("the term ended by %v, want ErrLost", cause)
		}
		c.wait(t) // it competes again
	})
}

// TestAnothersLeaseIsWaitedFor goes by the database's clock, and by the end that the other has set.
func TestAnothersLeaseIsWaitedFor(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, url string) {
		db := open(t, url)
		ahead, hour := db.Dialect.Ahead(time.Hour)
		execute(t, db, "INSERT INTO ums_lease (name, holder, expires_at) VALUES (?, 'another', "+ahead+")", name, hour)
		c := compete(t, db, time.Second)
		select {
		case <-c.terms:
			t.Fatal("it leads while another holds the lease")
		case <-time.After(time.Second): // it asks some times
		}
		execute(t, db, "UPDATE ums_lease SET expires_at = "+db.Dialect.Now())
		c.wait(t)
	})
}

// TestTheDatabaseComesLater starts a candidate before there is a table.
func TestTheDatabaseComesLater(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, url string) {
		db := open(t, url)
		execute(t, db, "ALTER TABLE ums_lease RENAME TO elsewhere")
		c := compete(t, db, time.Second)
		select {
		case <-c.terms:
			t.Fatal("it leads without a table")
		case <-time.After(500 * time.Millisecond): // it asks more than once
		}
		execute(t, db, "ALTER TABLE elsewhere RENAME TO ums_lease")
		c.wait(t)
	})
}

func TestReadOfALeaseThatNobodyHeld(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, url string) {
		if got, err := lease.Read(t.Context(), open(t, url), name); err != nil || got != (lease.State{}) {
			t.Errorf("Read = %+v, %v", got, err)
		}
	})
}
