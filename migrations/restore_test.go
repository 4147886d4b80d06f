package migrations_test

import (
	"os"
	"strings"
	"testing"

	"github.com/glarimy/ums/shared/enginetest"
)

// TestAfterRestore runs what docs/operations.md has an operator run after a backup was restored: numbers go on far behind
// those of the backup.
func TestAfterRestore(t *testing.T) {
	t.Parallel()
	e := engine{name: "mysql", url: parse(t, enginetest.MySQL(t).URL)}
	up(t, e.url)
	db := e.pool(t)
	const (
		event = "INSERT INTO ums_outbox (id, aggregatetype, aggregateid, type, payload, occurred_at) " +
			"VALUES (?, 'user', 'KrishnaMohan', 'added', '{}', NOW(6))"
		entry = "INSERT INTO ums_journal (id, source, type, user, occurred_at, recorded_at, data) " +
			"VALUES (?, 's', 'added', 'KrishnaMohan', NOW(6), NOW(6), '{}')"
	)
	insert := func(statement, id string) int64 {
		result, err := db.ExecContext(t.Context(), statement, id)
		if err != nil {
			t.Fatal(err)
		}
		number, err := result.LastInsertId()
		if err != nil {
			t.Fatal(err)
		}
		return number
	}
	seq, position := insert(event, "of the backup"), insert(entry, "of the backup")

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
	if got := insert(event, "after it"); got < seq+1_000_000 {
		t.Errorf("the outbox goes on with %d after %d", got, seq)
	}
	if got := insert(entry, "after it"); got < position+1_000_000 {
		t.Errorf("the journal goes on with %d after %d", got, position)
	}
}
