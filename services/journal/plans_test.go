package journal_test

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/glarimy/ums/services/journal"
	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/enginetest"
	"github.com/glarimy/ums/shared/event"
)

// populate writes so many events of which one user and one type are rare and another of each common.
func (b *backend) populate(tb testing.TB, count int) {
	tb.Helper()
	const at = 1000
	for first := 0; first < count; first += at {
		args := make([]any, 0, 6*at)
		for i := first; i < min(first+at, count); i++ {
			user, kind := "KrishnaMohan", event.TypeFound
			switch {
			case i%50_000 == 7:
				user, kind = "RareUser1", "x.rare"
			case i%2 == 0:
				user, kind = fmt.Sprintf("User %06d", i%1000), event.TypeChanged
			}
			when := b.db.Dialect.Time(began().Add(time.Duration(i/10) * time.Second))
			args = append(args, uuid.NewString(), kind, user, when, when)
		}
		rows := strings.Repeat(", (?, '/test', ?, ?, ?, ?, '{}')", len(args)/5)[2:]
		b.execute(tb, "INSERT INTO ums_journal (id, source, type, user, occurred_at, recorded_at, data) VALUES "+rows, args...)
	}
}

// planned is a page whose statements must be plain walks along an index.
type planned struct {
	name   string
	query  []string
	behind uint64 // the position of the cursor; 0 for the first page
	index  string
}

func plannedPages() (pages []planned) {
	at := func(i int) string { return began().Add(time.Duration(i/10) * time.Second).Format(time.RFC3339) }
	for _, f := range []struct {
		index string
		query []string
	}{
		{"PRIMARY", nil},
		{"ums_journal_user", []string{"user", "KrishnaMohan"}},
		{"ums_journal_user", []string{"user", "RareUser1"}},
		{"ums_journal_type", []string{"type", event.TypeFound}},
		{"ums_journal_type", []string{"type", "x.rare"}},
		{"ums_journal_user_type", []string{"user", "KrishnaMohan", "type", event.TypeFound}},
		{"ums_journal_user_type", []string{"user", "KrishnaMohan", "type", "x.rare"}},
		{"ums_journal_user_type", []string{"user", "User 000500", "type", event.TypeChanged}},
	} {
		for _, order := range []string{"asc", "desc"} {
			query := append([]string{"order", order}, f.query...)
			bounded := append([]string{"from", at(50_000), "to", at(150_000)}, query...)
			name := strings.Join(query, " ")
			pages = append(pages,
				planned{name + ", first", query, 0, f.index}, planned{name + ", far in", query, 100_000, f.index},
				planned{name + ", from and to", bounded, 0, f.index}, planned{name + ", from and to, far in", bounded, 100_000, f.index})
		}
	}
	return pages
}

// explainer executes statements on one connection, and looks at each before that.
type explainer struct {
	*sql.Conn
	explain func(ctx context.Context, query string, args []any)
}

func (e explainer) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	e.explain(ctx, query, args)
	return e.Conn.QueryContext(ctx, query, args...)
}

// table returns the rows of a statement, each by column.
func table(tb testing.TB, conn *sql.Conn, query string, args []any) (all []map[string]string) {
	tb.Helper()
	rows, err := conn.QueryContext(context.Background(), query, args...)
	if err != nil {
		tb.Fatalf("%s: %v", query, err)
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		tb.Fatal(err)
	}
	for rows.Next() {
		values, into := make([]sql.NullString, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			tb.Fatal(err)
		}
		row := map[string]string{}
		for i, c := range columns {
			row[strings.ToLower(c)] = values[i].String
		}
		all = append(all, row)
	}
	if err := rows.Err(); err != nil {
		tb.Fatal(err)
	}
	return all
}

// TestPlansOnMySQL explains every statement among 200,000 events: each must be a range of the index that has its order. As
// a plan tells only what is meant, the rows that the server then reads are counted too.
func TestPlansOnMySQL(t *testing.T) {
	t.Parallel()
	engine := enginetest.MySQL(t)
	engine.RequireMySQL(t)
	b := newBackend(t, engine.URL)
	b.populate(t, 200_000)
	if _, err := b.db.ExecContext(t.Context(), "ANALYZE TABLE ums_journal"); err != nil {
		t.Fatal(err)
	}
	conn, err := b.db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	for _, p := range plannedPages() {
		for _, limit := range []string{"1", "50", "500"} {
			looked := explainer{Conn: conn, explain: func(_ context.Context, query string, args []any) {
				wantRange(t, conn, p, query, args)
			}}
			if _, err := conn.ExecContext(t.Context(), "FLUSH STATUS"); err != nil {
				t.Fatal(err)
			}
			read, err := journal.ReadPage(t.Context(), looked, b.db.Dialect, encode(append([]string{"limit", limit}, p.query...)...), p.behind)
			if err != nil {
				t.Fatalf("%s: %v", p.name, err)
			}
			handled := 0
			for _, counter := range table(t, conn, "SHOW SESSION STATUS LIKE 'Handler_read%'", nil) {
				n, _ := strconv.Atoi(counter["value"])
				handled += n
			}
			if handled > read+10 { // an end of a range, and a moment's place, more
				t.Errorf("%s, limit %s: the server read %d rows for %d events", p.name, limit, handled, read)
			}
		}
	}
	rest := explainer{Conn: conn, explain: func(_ context.Context, query string, args []any) {
		wantRange(t, conn, planned{name: query}, query, args)
	}}
	if err := journal.ReadRest(t.Context(), rest, b.db.Dialect); err != nil {
		t.Fatal(err)
	}
}

// wantRange fails t unless a statement is a range of an index without a sort.
func wantRange(t *testing.T, conn *sql.Conn, p planned, query string, args []any) {
	t.Helper()
	for _, plan := range table(t, conn, "EXPLAIN FORMAT=TRADITIONAL "+query, args) {
		t.Logf("%-60s %-6s %-22s length %-4s rows %-7s %s", p.name, plan["type"], plan["key"], plan["key_len"], plan["rows"], plan["extra"])
		place := strings.Contains(query, "recorded_at >=")
		index := p.index
		if place {
			index = "ums_journal_recorded"
		}
		switch kind := plan["type"]; {
		case strings.Contains(plan["extra"], "no matching row"), kind == "const", kind == "range":
		case kind == "index" && plan["rows"] == "1": // the last one
		default:
			t.Errorf("%s: the access is %s, want range: %s", p.name, kind, query)
		}
		if index != "" && plan["key"] != index {
			t.Errorf("%s: the index is %s, want %s", p.name, plan["key"], index)
		}
		if extra := plan["extra"]; strings.Contains(extra, "filesort") || strings.Contains(extra, "temporary") {
			t.Errorf("%s: the rows are sorted: %s", p.name, extra)
		}
	}
}

func TestPlansOnSQLite(t *testing.T) {
	t.Parallel()
	b := newBackend(t, enginetest.SQLite(t).URL)
	b.populate(t, 2000)
	conn, err := b.db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	looked := explainer{Conn: conn, explain: func(_ context.Context, query string, args []any) {
		for _, step := range table(t, conn, "EXPLAIN QUERY PLAN "+query, args) {
			detail := step["detail"]
			last := strings.Contains(query, "ORDER BY position DESC LIMIT 1")
			if strings.Contains(detail, "SCAN") && !last || strings.Contains(detail, "TEMP B-TREE") && !strings.Contains(query, "BETWEEN") {
				t.Errorf("%s: %s", query, detail)
			}
		}
	}}
	for _, p := range plannedPages() {
		if _, err := journal.ReadPage(t.Context(), looked, b.db.Dialect, encode(p.query...), p.behind/100); err != nil {
			t.Fatalf("%s: %v", p.name, err)
		}
	}
	if err := journal.ReadRest(t.Context(), looked, b.db.Dialect); err != nil {
		t.Fatal(err)
	}
}

var _ journal.Querier = (*database.DB)(nil)
