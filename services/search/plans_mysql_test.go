package search_test

import (
	"context"
	"database/sql"
	"strconv"
	"strings"
	"testing"

	"github.com/glarimy/ums/services/search"
	"github.com/glarimy/ums/shared/enginetest"
)

// TestPlansOnMySQL explains every statement among 200,000 users. Each must be a range of the index that has its order;
// and as a plan tells only what is meant, the rows that the server then reads are counted.
func TestPlansOnMySQL(t *testing.T) {
	t.Parallel()
	engine := enginetest.MySQL(t)
	engine.RequireMySQL(t)
	b := newBackend(t, engine)
	b.insert(t, many(200_000)...)
	if _, err := b.db.ExecContext(t.Context(), "ANALYZE TABLE ums_users"); err != nil {
		t.Fatal(err)
	}
	statements := 0
	explain := func(p planned, conn *sql.Conn, ctx context.Context, query string, args []any) error {
		plans, err := table(ctx, conn, "EXPLAIN FORMAT=TRADITIONAL "+query, args)
		if err != nil {
			return err
		}
		for _, plan := range plans {
			t.Logf("%-40s %-6s %-16s length %-4s rows %-7s %s",
				p.name, plan["type"], plan["key"], plan["key_len"], plan["rows"], plan["extra"])
			if kind := plan["type"]; kind != "range" && kind != "const" {
				t.Errorf("%s: the access is %s, want range", p.name, kind)
			}
			if plan["key"] != p.index {
				t.Errorf("%s: the index is %s, want %s", p.name, plan["key"], p.index)
			}
			if leads := p.lead != search.Beginning && p.index != "PRIMARY"; leads && plan["key_len"] == "8" {
				t.Errorf("%s: the range is of the first column alone, and begins before the position", p.name)
			}
			if extra := plan["extra"]; strings.Contains(extra, "filesort") || strings.Contains(extra, "temporary") {
				t.Errorf("%s: the rows are sorted: %s", p.name, extra)
			}
		}
		statements++
		_, err = conn.ExecContext(ctx, "FLUSH STATUS")
		return err
	}
	explainPages(t, b, explain, func(p planned, conn *sql.Conn, read int) {
		if strings.HasPrefix(p.name, "phone_prefix of few") && read == 0 {
			t.Errorf("%s: there is nobody", p.name)
		}
		if got := handled(t, conn); got > read+110 { // a look-up for each of 100 names, or for the ends of ranges
			t.Errorf("%s: the server read %d rows for %d users", p.name, got, read)
		}
	})
	if want := 3 * len(plannedPages()); statements != want {
		t.Errorf("there were %d statements for %d pages", statements, want)
	}
}

// handled returns how many rows the server has read for this connection since FLUSH STATUS.
func handled(t *testing.T, conn *sql.Conn) int {
	t.Helper()
	counters, err := table(t.Context(), conn, "SHOW SESSION STATUS LIKE 'Handler_read%'", nil)
	if err != nil {
		t.Fatal(err)
	}
	sum := 0
	for _, counter := range counters {
		n, err := strconv.Atoi(counter["value"])
		if err != nil {
			t.Fatal(err)
		}
		sum += n
	}
	return sum
}
