package database_test

import (
	"context"
	"database/sql"
	"errors"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/enginetest"
	"github.com/glarimy/ums/shared/mysqlproxy"
)

// TestCommitWithoutAnAnswer: whoever cannot know the outcome must say so, and in time.
func TestCommitWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		fate   mysqlproxy.Action
		cancel bool // the caller gives up while COMMIT is on its way
		want   error
		done   int
	}{
		"lost":                     {fate: mysqlproxy.CutBefore, want: database.ErrOutcomeUnknown},
		"unanswered":               {fate: mysqlproxy.CutAfter, want: database.ErrOutcomeUnknown, done: 1},
		"lost and cancelled":       {fate: mysqlproxy.CutBefore, cancel: true, want: database.ErrOutcomeUnknown},
		"unanswered and cancelled": {fate: mysqlproxy.CutAfter, cancel: true, want: database.ErrOutcomeUnknown, done: 1},
		"silence and cancelled":    {fate: mysqlproxy.Swallow, cancel: true, want: database.ErrOutcomeUnknown, done: 1},
		"delivered":                {fate: mysqlproxy.Pass, done: 1},
		"delivered and cancelled":  {fate: mysqlproxy.Pass, cancel: true, done: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := enginetest.MySQL(t)
			db := counters(t, e.URL)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			proxy := mysqlproxy.New(t, e.URL)
			far := open(t, proxy.URL())
			var commits atomic.Int32
			proxy.Intercept(func(statement string) mysqlproxy.Action {
				if statement != "COMMIT" {
					return mysqlproxy.Pass
				}
				if commits.Add(1); tc.cancel {
					cancel()
				}
				return tc.fate
			})
			attempts := 0
			began := time.Now()
			err := far.InTx(ctx, func(tx *sql.Tx) error {
				attempts++
				return increment(ctx, tx, 1)
			})
			if !errors.Is(err, tc.want) || errors.Is(err, context.Canceled) {
				t.Errorf("error = %v, want %v", err, tc.want)
			}
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("it took %v", took)
			}
			if attempts != 1 || commits.Load() != 1 {
				t.Errorf("%d attempts, %d commits, want one of each", attempts, commits.Load())
			}
			for tc.fate == mysqlproxy.Swallow && !changed(t, db) { // nothing tells when the server is done
				runtime.Gosched()
			}
			expect(t, db, tc.done, 0)
		})
	}
}

// TestCommitThatWasNotCarriedOut: a COMMIT that the server refuses, or that was never sent, has a known outcome, and the
// transaction begins anew.
func TestCommitThatWasNotCarriedOut(t *testing.T) {
	t.Parallel()
	for name, action := range map[string]mysqlproxy.Action{"lost to others": mysqlproxy.Refuse, "read-only": mysqlproxy.Demote} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := enginetest.MySQL(t)
			db := counters(t, e.URL)
			proxy := mysqlproxy.New(t, e.URL)
			far := open(t, proxy.URL())
			var commits atomic.Int32
			proxy.Intercept(func(statement string) mysqlproxy.Action {
				if statement == "COMMIT" && commits.Add(1) == 1 {
					return action
				}
				return mysqlproxy.Pass
			})
			attempts := 0
			err := far.InTx(t.Context(), func(tx *sql.Tx) error {
				attempts++
				return increment(t.Context(), tx, 1)
			})
			if err != nil || attempts != 2 {
				t.Errorf("error = %v after %d attempts, want none after 2", err, attempts)
			}
			expect(t, db, 1, 0)
		})
	}
}

func changed(t *testing.T, db *database.DB) bool {
	t.Helper()
	var n int
	if err := db.QueryRowContext(t.Context(), "SELECT n FROM counters WHERE id = 1").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n > 0
}
