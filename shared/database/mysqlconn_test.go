package database_test

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"

	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/enginetest"
)

// TestTheFirstStatementIsInTheTransaction: the beginning travels with it, whatever it is and however it ends.
func TestTheFirstStatementIsInTheTransaction(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, e *enginetest.SQL) {
		db, other := counters(t, e.URL), open(t, e.URL)
		refused := errors.New("the caller's own")
		big := strings.Repeat("x", 100)
		for name, first := range map[string]func(ctx context.Context, tx *sql.Tx) error{
			"a change": func(ctx context.Context, tx *sql.Tx) error { return increment(ctx, tx, 1) },
			"a query": func(ctx context.Context, tx *sql.Tx) error {
				var n int
				return tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM counters WHERE id <> ?", 7).Scan(&n)
			},
			"a prepared statement": func(ctx context.Context, tx *sql.Tx) error {
				s, err := tx.PrepareContext(ctx, "UPDATE counters SET n = n + 1 WHERE id = ?")
				if err != nil {
					return err
				}
				_, err = s.ExecContext(ctx, 1)
				return errors.Join(err, s.Close())
			},
			"an error": func(ctx context.Context, tx *sql.Tx) error {
				if _, err := tx.ExecContext(ctx, "INSERT INTO counters (id, n) VALUES (1, 5)"); !database.IsDuplicate(err) {
					return errors.Join(errors.New("a duplicate was not told of"), err)
				}
				return nil
			},
			"an ended context": func(ctx context.Context, tx *sql.Tx) error {
				ended, cancel := context.WithCancel(ctx)
				cancel()
				if _, err := tx.ExecContext(ended, "UPDATE counters SET n = 100"); err == nil {
					return errors.New("it was carried out")
				}
				return nil
			},
			"nothing": func(context.Context, *sql.Tx) error { return nil },
		} {
			err := db.InTx(t.Context(), func(tx *sql.Tx) error {
				return errors.Join(first(t.Context(), tx), increment(t.Context(), tx, 2), refused)
			})
			if !errors.Is(err, refused) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s: %v", name, err)
			}
			expect(t, other, 0, 0)
		}
		err := db.InTx(t.Context(), func(tx *sql.Tx) error {
			result, err := tx.ExecContext(t.Context(), "UPDATE counters SET n = n + 1 WHERE id IN (1, 2) AND ? <> ''", big)
			if err != nil {
				return err
			}
			if n, err := result.RowsAffected(); err != nil || n != 2 {
				t.Errorf("RowsAffected = %d, %v, want 2", n, err)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
		expect(t, other, 1, 1)
	})
}

// TestAPreparedStatementIsInTheTransaction although it was prepared on the connection long before.
func TestAPreparedStatementIsInTheTransaction(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, e *enginetest.SQL) {
		db, other := counters(t, e.URL), open(t, e.URL)
		db.SetMaxOpenConns(1)
		change, err := db.PrepareContext(t.Context(), "UPDATE counters SET n = n + 1 WHERE id = ?")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = change.Close() }()
		count, err := db.PrepareContext(t.Context(), "SELECT COUNT(*) FROM counters WHERE id <> ?")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = count.Close() }()
		refused := errors.New("the caller's own")
		for range 2 {
			err := db.InTx(t.Context(), func(tx *sql.Tx) error {
				_, err := tx.StmtContext(t.Context(), change).ExecContext(t.Context(), 1)
				return errors.Join(err, refused)
			})
			if !errors.Is(err, refused) {
				t.Error(err)
			}
			err = db.InTx(t.Context(), func(tx *sql.Tx) error {
				var n int
				err := tx.StmtContext(t.Context(), count).QueryRowContext(t.Context(), 7).Scan(&n)
				_, changing := tx.StmtContext(t.Context(), change).ExecContext(t.Context(), 2)
				return errors.Join(err, changing, refused)
			})
			if !errors.Is(err, refused) {
				t.Error(err)
			}
		}
		expect(t, other, 0, 0)
	})
}
