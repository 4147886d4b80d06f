package migrations_test

import (
	"database/sql"
	"os"
	"strings"
	"testing"

	"github.com/glarimy/ums/shared/enginetest"
)

// TestAfterRestore runs what docs/operations.md has an operator run after a backup was restored: numbers go on far behind
// those of the backup, wherever it has them.
func TestAfterRestore(t *testing.T) {
	t.Parallel()
	const (
		event = "INSERT INTO ums_outbox (seq, id, aggregatetype, aggregateid, type, payload, occurred_at) " +
			"VALUES (5000000, 'of the backup', 'user', 'KrishnaMohan', 'added', '{}', NOW(6))"
		entry = "INSERT INTO ums_journal (position, id, source, type, user, sequence, occurred_at, recorded_at, data) " +
			"VALUES (5000000, 'of the backup', 's', 'added', 'KrishnaMohan', NULL, NOW(6), NOW(6), '{}')"
		lately = "INSERT INTO ums_journal (id, source, type, user, sequence, occurred_at, recorded_at, data) " +
			"VALUES ('of the backup', 's', 'added', 'KrishnaMohan', 5000000, NOW(6), NOW(6), '{}')"
	)
	for name, tc := range map[string]struct {
		backup         []string
		outbox, ledger int64 // the highest number that the backup knows of
	}{
		"rows":                     {[]string{event, entry}, 5_000_000, 5_000_000},
		"rows that were removed":   {[]string{event, entry, "DELETE FROM ums_outbox", "DELETE FROM ums_journal"}, 5_000_000, 5_000_000},
		"what the journal has":     {[]string{lately}, 5_000_000, 1},
		"what the journal has met": {[]string{"INSERT INTO ums_journal_progress (id, walked_seq, gaps) VALUES (1, 5000000, '[]')"}, 5_000_000, 0},
		"nothing":                  {nil, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := engine{name: "mysql", url: parse(t, enginetest.MySQL(t).URL)}
			up(t, e.url)
			db := e.pool(t)
			// MySQL keeps for a day what it has once told of a table's counter.
			column(t, db, "SELECT COALESCE(auto_increment, 0) FROM information_schema.tables WHERE table_schema = DATABASE()")
			e.execute(t, tc.backup...)
			runAfterRestore(t, db)
			got := inserted(t, db, "INSERT INTO ums_outbox (id, aggregatetype, aggregateid, type, payload, occurred_at) "+
				"VALUES ('after it', 'user', 'KrishnaMohan', 'added', '{}', NOW(6))")
			if got < tc.outbox+1_000_000 {
				t.Errorf("the outbox goes on with %d after %d", got, tc.outbox)
			}
			got = inserted(t, db, "INSERT INTO ums_journal (id, source, type, user, occurred_at, recorded_at, data) "+
				"VALUES ('after it', 's', 'added', 'KrishnaMohan', NOW(6), NOW(6), '{}')")
			if got < tc.ledger+1_000_000 {
				t.Errorf("the journal goes on with %d after %d", got, tc.ledger)
			}
		})
	}
}

// runAfterRestore runs the file as the mysql client does, statement by statement.
func runAfterRestore(t *testing.T, db *sql.DB) {
	t.Helper()
	script, err := os.ReadFile("after-restore.sql")
	if err != nil {
		t.Fatal(err)
	}
	session, err := db.Conn(t.Context()) // its variables are those of one connection
	if err != nil {
		t.Fatal(err)
	}
	for statement := range strings.SplitSeq(strings.TrimSuffix(strings.TrimSpace(string(script)), ";"), ";") {
		if _, err := session.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	if err := session.Close(); err != nil {
		t.Fatal(err)
	}
}

// inserted returns the number that the database gave to a row.
func inserted(t *testing.T, db *sql.DB, statement string) int64 {
	t.Helper()
	result, err := db.ExecContext(t.Context(), statement)
	if err != nil {
		t.Fatal(err)
	}
	number, err := result.LastInsertId()
	if err != nil {
		t.Fatal(err)
	}
	return number
}
