package search_test

import (
	"context"
	"database/sql"
	"regexp"
	"testing"

	"github.com/glarimy/ums/shared/enginetest"
)

// TestPlansOnSQLite explains every statement. Each must be a search of an index, or of the table by name, bounded in all
// columns of the order, and nothing else.
func TestPlansOnSQLite(t *testing.T) {
	t.Parallel()
	search := regexp.MustCompile(`^SEARCH ums_users USING (PRIMARY KEY|INDEX ums_users_(phone|since)) \(.*[>=].*\)$`)
	b := newBackend(t, enginetest.SQLite(t))
	b.insert(t, many(2_000)...)
	explain := func(p planned, conn *sql.Conn, ctx context.Context, query string, args []any) error {
		steps, err := table(ctx, conn, "EXPLAIN QUERY PLAN "+query, args)
		if err != nil {
			return err
		}
		for _, step := range steps {
			t.Logf("%-40s %s", p.name, step["detail"])
		}
		if len(steps) != 1 || !search.MatchString(steps[0]["detail"]) {
			t.Errorf("%s: the plan is %q", p.name, steps)
		}
		return nil
	}
	explainPages(t, b, explain, func(planned, *sql.Conn, int) {})
}
