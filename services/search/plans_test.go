package search_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/glarimy/ums/services/search"
	"github.com/glarimy/ums/shared/database"
)

// planned is a page whose statements must be plain walks along an index.
type planned struct {
	name  string
	query []string
	lead  int64
	after string
	index string // on MySQL
}

// plannedPages are the first page of every list, one far in it, and one among the many users who share a number.
func plannedPages() []planned {
	const (
		first  = search.Beginning
		shared = 9731423166
	)
	many := []string{}
	for i := range 100 {
		many = append(many, "name", manyNames(i*1999))
	}
	noon := joined().Add(24 * time.Hour).UnixMicro()
	from, to := "2022-09-12T10:00:00Z", "2022-09-13T20:00:00Z"
	return []planned{
		{"none", nil, first, "", "PRIMARY"},
		{"none, far in", nil, 0, "Mohan 100000", "PRIMARY"},
		{"name_prefix", []string{"name_prefix", "Krishna"}, first, "", "PRIMARY"},
		{"name_prefix, far in", []string{"name_prefix", "Krishna"}, 0, "Krishna 100000", "PRIMARY"},
		{"name_prefix of few", []string{"name_prefix", "Krishna 1000"}, first, "", "PRIMARY"},
		{"phone", []string{"phone", "9731423166"}, first, "", "ums_users_phone"},
		{"phone, far in", []string{"phone", "9731423166"}, shared, "Krishna 100000", "ums_users_phone"},
		{"phone_prefix", []string{"phone_prefix", "9"}, first, "", "ums_users_phone"},
		{"phone_prefix, far in", []string{"phone_prefix", "9"}, 9800000000, "Mohan 100000", "ums_users_phone"},
		{"phone_prefix, among equals", []string{"phone_prefix", "97314"}, shared, "Krishna 100000", "ums_users_phone"},
		{"phone_prefix of few", []string{"phone_prefix", "900001"}, first, "", "ums_users_phone"},
		{"since, all", []string{"since_from", "1000-01-01T00:00:00Z"}, first, "", "ums_users_since"},
		{"since_from", []string{"since_from", from}, first, "", "ums_users_since"},
		{"since_from, far in", []string{"since_from", from}, noon, "Mohan 100000", "ums_users_since"},
		{"since_to", []string{"since_to", to}, first, "", "ums_users_since"},
		{"since_to, among equals", []string{"since_to", to}, joined().UnixMicro(), "Mohan 100000", "ums_users_since"},
		{"since_from and since_to", []string{"since_from", from, "since_to", to}, noon, "Mohan 100000", "ums_users_since"},
		{"name", many[:2], first, "", "PRIMARY"},
		{"names", many, first, "", "PRIMARY"},
		{"names, far in", many, 0, "Krishna 100000", "PRIMARY"},
	}
}

func manyNames(i int) string { return fmt.Sprintf("%s %06d", []string{"Krishna", "Mohan"}[i%2], i) }

// many is a population of which a tenth has one phone number, and another tenth one moment of joining.
func many(size int) []account {
	users := make([]account, size)
	for i := range users {
		users[i] = account{
			name:  manyNames(i),
			phone: 9000000000 + uint64(i)*104729%1000000000,
			since: joined().Add(time.Duration(i) * time.Second),
		}
		switch i % 10 {
		case 0:
			users[i].phone = 9731423166
		case 1:
			users[i].since = joined()
		case 2:
			users[i].phone *= 10
		}
	}
	return users
}

// explainer executes statements on one connection, and looks at each before that.
type explainer struct {
	*sql.Conn
	explain func(ctx context.Context, query string, args []any) error
}

func (e explainer) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if err := e.explain(ctx, query, args); err != nil {
		return nil, err
	}
	return e.Conn.QueryContext(ctx, query, args...)
}

// explainPages reads each page in pages of several sizes and looks at each statement.
func explainPages(t *testing.T, b *backend, explain func(p planned, conn *sql.Conn, ctx context.Context, query string, args []any) error,
	done func(p planned, conn *sql.Conn, read int),
) {
	t.Helper()
	conn, err := b.db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	for _, p := range plannedPages() {
		for _, limit := range []string{"1", "50", "500"} {
			p := p
			p.name += ", limit " + limit
			looked := explainer{Conn: conn, explain: func(ctx context.Context, query string, args []any) error {
				return explain(p, conn, ctx, query, args)
			}}
			raw := encode(append([]string{"limit", limit}, p.query...)...)
			read, err := search.ReadPage(t.Context(), looked, b.db.Dialect, raw, p.lead, p.after)
			if err != nil {
				t.Fatalf("%s: %v", p.name, err)
			}
			done(p, conn, read)
		}
	}
}

// table returns the rows of a statement that explains, each by column.
func table(ctx context.Context, conn *sql.Conn, query string, args []any) (all []map[string]string, err error) {
	rows, err := conn.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		values, into := make([]sql.NullString, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		row := map[string]string{}
		for i, c := range columns {
			row[strings.ToLower(c)] = values[i].String
		}
		all = append(all, row)
	}
	return all, rows.Err()
}

var _ search.Querier = (*database.DB)(nil)
