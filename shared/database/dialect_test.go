package database_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/enginetest"
)

// withParameter adds a parameter to a URL.
func withParameter(url, parameter string) string {
	if strings.Contains(url, "?") {
		return url + "&" + parameter
	}
	return url + "?" + parameter
}

func TestTime(t *testing.T) {
	t.Parallel()
	kolkata := time.FixedZone("IST", 5*3600+1800)
	onEach(t, func(t *testing.T, e *enginetest.SQL) {
		db := open(t, e.URL)
		column := map[database.Dialect]string{database.MySQL: "DATETIME(6)", database.SQLite: "TEXT"}[db.Dialect]
		write(t, db, "CREATE TABLE moments (id INTEGER NOT NULL PRIMARY KEY, at "+column+" NULL)")
		moments := []time.Time{
			time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC),
			time.Date(2022, 9, 12, 15, 30, 0, 0, kolkata),
			time.Date(2026, 11, 22, 23, 59, 59, 999_999_000, time.UTC),
			time.Date(2026, 11, 22, 23, 59, 59, 999_999_999, time.UTC), // DATETIME(6) would round it to the next day
			time.Date(2038, 1, 19, 3, 14, 8, 1_000, time.UTC),
			time.Date(9999, 12, 31, 23, 59, 59, 999_999_000, time.UTC),
		}
		for i, m := range moments {
			write(t, db, "INSERT INTO moments (id, at) VALUES (?, ?)", i, db.Dialect.Time(m))
		}
		for i, m := range moments {
			var got database.Time
			if err := db.QueryRowContext(t.Context(), "SELECT at FROM moments WHERE at = ? ORDER BY id LIMIT 1",
				db.Dialect.Time(m)).Scan(&got); err != nil {
				t.Fatalf("%v: %v", m, err)
			}
			if want := m.UTC().Truncate(time.Microsecond); got.Time != want { // the zone too
				t.Errorf("%d: got %v, want %v", i, got.Time, want)
			}
		}
		var order string
		rows, err := db.QueryContext(t.Context(), "SELECT id FROM moments ORDER BY at, id")
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			var id int
			if err := rows.Scan(&id); err != nil {
				t.Fatal(err)
			}
			order += fmt.Sprint(id)
		}
		if err := rows.Err(); err != nil || order != "012345" {
			t.Errorf("order = %s, %v", order, err)
		}
	})
}

func TestTimeScanRefuses(t *testing.T) {
	t.Parallel()
	for _, value := range []any{nil, int64(1), "", "2022-09-12", []byte("2022-09-12T10:00:00+01:00")} {
		if err := new(database.Time).Scan(value); err == nil {
			t.Errorf("%v: no error", value)
		}
	}
}

func TestIsDuplicate(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, e *enginetest.SQL) {
		db := open(t, e.URL)
		write(t, db, "CREATE TABLE keyed (id INTEGER NOT NULL PRIMARY KEY, other INTEGER NOT NULL UNIQUE, CHECK (other < 100))")
		write(t, db, "INSERT INTO keyed (id, other) VALUES (1, 1)")
		for statement, want := range map[string]bool{
			"INSERT INTO keyed (id, other) VALUES (1, 2)":    true,
			"INSERT INTO keyed (id, other) VALUES (2, 1)":    true,
			"INSERT INTO keyed (id, other) VALUES (2, 100)":  false,
			"INSERT INTO keyed (id, other) VALUES (2, NULL)": false,
			"INSERT INTO nowhere (id) VALUES (1)":            false,
		} {
			err := db.InTx(t.Context(), func(tx *sql.Tx) error {
				_, err := tx.ExecContext(t.Context(), statement)
				return err
			})
			if err == nil || database.IsDuplicate(err) != want || database.IsContention(err) || database.IsUnavailable(err) {
				t.Errorf("%s: duplicate = %t, want %t: %v", statement, database.IsDuplicate(err), want, err)
			}
		}
	})
}

func TestIsUnstorable(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, e *enginetest.SQL) {
		db := open(t, e.URL)
		table := "CREATE TABLE narrow (id INTEGER NOT NULL PRIMARY KEY, few VARCHAR(3) NOT NULL, small SMALLINT UNSIGNED NULL, CHECK (id < 100))"
		if db.Dialect == database.SQLite {
			table = "CREATE TABLE narrow (id INTEGER NOT NULL PRIMARY KEY, few TEXT NOT NULL CHECK (length(few) <= 3), small INTEGER NULL, CHECK (id < 100)) STRICT"
		}
		write(t, db, table)
		for statement, want := range map[string]bool{
			"INSERT INTO narrow (id, few) VALUES (100, 'abc')":             true,
			"INSERT INTO narrow (id, few) VALUES (1, 'abcd')":              true,
			"INSERT INTO narrow (id, few) VALUES (1, NULL)":                true,
			"INSERT INTO narrow (id, few, small) VALUES (1, 'abc', 'x y')": true,
			"INSERT INTO nowhere (id) VALUES (1)":                          false,
			"INSERT INTO narrow (id, few) VALUE":                           false,
		} {
			err := db.InTx(t.Context(), func(tx *sql.Tx) error {
				_, err := tx.ExecContext(t.Context(), statement)
				return err
			})
			if err == nil || database.IsUnstorable(err) != want {
				t.Errorf("%s: unstorable = %t, want %t: %v", statement, database.IsUnstorable(err), want, err)
			}
		}
	})
}

func TestErrorClasses(t *testing.T) {
	t.Parallel()
	type class struct{ contention, unavailable bool }
	number := func(n uint16) error { return &mysql.MySQLError{Number: n, Message: "from the server"} }
	for name, tc := range map[string]struct {
		err  error
		want class
	}{
		"nothing":              {err: nil},
		"no rows":              {err: sql.ErrNoRows},
		"unknown":              {err: errors.New("unknown")},
		"duplicate":            {err: number(1062)},
		"syntax":               {err: number(1064)},
		"deadlock":             {err: number(1213), want: class{contention: true}},
		"lock timeout":         {err: number(1205), want: class{contention: true}},
		"record has changed":   {err: number(1020), want: class{contention: true}},
		"not certified":        {err: number(3101), want: class{contention: true}},
		"shutting down":        {err: number(1053), want: class{unavailable: true}},
		"too many connections": {err: number(1040), want: class{unavailable: true}},
		"of one user":          {err: number(1203), want: class{unavailable: true}},
		"read-only":            {err: number(1290), want: class{unavailable: true}},
		"disk full":            {err: number(1021), want: class{unavailable: true}},
		"table full":           {err: number(1114), want: class{unavailable: true}},
		"read-only mode":       {err: number(1836), want: class{unavailable: true}},
		"bad connection":       {err: driver.ErrBadConn, want: class{unavailable: true}},
		"invalid connection":   {err: mysql.ErrInvalidConn, want: class{unavailable: true}},
		"cut":                  {err: io.ErrUnexpectedEOF, want: class{unavailable: true}},
		"no network":           {err: &net.OpError{Op: "dial", Err: errors.New("refused")}, want: class{unavailable: true}},
		"too slow":             {err: context.DeadlineExceeded, want: class{unavailable: true}},
		"called off":           {err: context.Canceled},
	} {
		err := tc.err
		if err != nil {
			err = fmt.Errorf("find user: %w", err)
		}
		if got := (class{database.IsContention(err), database.IsUnavailable(err)}); got != tc.want || database.IsDuplicate(err) != (name == "duplicate") {
			t.Errorf("%s: got %+v, want %+v", name, got, tc.want)
		}
	}
}

// TestAway: a service starts while its database is away, and its errors say that it is.
func TestAway(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	db := open(t, "mysql://root:s3cret@tcp("+addr+")/glarimy")
	for what, err := range map[string]error{
		"read":  db.QueryRowContext(t.Context(), "SELECT 1").Scan(new(int)),
		"write": db.InTx(t.Context(), func(*sql.Tx) error { return nil }),
	} {
		if !database.IsUnavailable(err) || errors.Is(err, database.ErrOutcomeUnknown) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: error = %v", what, err)
		}
	}
}

func TestDialect(t *testing.T) {
	t.Parallel()
	for d, want := range map[database.Dialect][2]string{
		database.MySQL: {"mysql", " FOR UPDATE"}, database.SQLite: {"sqlite", ""},
	} {
		if got := [2]string{d.String(), d.ForUpdate()}; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if got := database.Dialect(0).String(); got != "no database" {
		t.Errorf("the zero dialect is %q", got)
	}
}
