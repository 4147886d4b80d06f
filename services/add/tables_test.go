package add_test

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/event/eventtest"
)

// counts are the numbers of rows of all that the service writes.
type counts struct{ users, events, keys int }

// counts returns all rows, in one statement and so as of one moment.
func (b *backends) counts(t *testing.T) (c counts) {
	t.Helper()
	const query = "SELECT (SELECT COUNT(*) FROM ums_users), (SELECT COUNT(*) FROM ums_outbox), " +
		"(SELECT COUNT(*) FROM ums_idempotency)"
	if err := b.db.QueryRowContext(t.Context(), query).Scan(&c.users, &c.events, &c.keys); err != nil {
		t.Fatal(err)
	}
	return c
}

// event is a row of the outbox.
type event struct {
	seq           uint64
	id            string
	aggregateType string
	aggregateID   string
	kind          string
	payload       string
	actor         sql.NullString
	requestID     sql.NullString
	traceparent   sql.NullString
	occurredAt    time.Time
	publishedAt   sql.NullString
}

// events returns the events of one user, or of all where the name is empty, oldest first.
func (b *backends) events(t *testing.T, name string) []event {
	t.Helper()
	const query = "SELECT seq, id, aggregatetype, aggregateid, type, payload, actor, request_id, traceparent, occurred_at, " +
		"published_at FROM ums_outbox WHERE aggregateid = ? OR '' = ? ORDER BY seq"
	rows, err := b.db.QueryContext(t.Context(), query, name, name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var events []event
	for rows.Next() {
		var (
			e  event
			at database.Time
		)
		err := rows.Scan(&e.seq, &e.id, &e.aggregateType, &e.aggregateID, &e.kind, &e.payload,
			&e.actor, &e.requestID, &e.traceparent, &at, &e.publishedAt)
		if err != nil {
			t.Fatal(err)
		}
		e.occurredAt = at.Time
		if err := eventtest.CheckData(e.kind, []byte(e.payload)); err != nil {
			t.Errorf("event %s: %v", e.id, err)
		}
		events = append(events, e)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return events
}

// kept is a user as the table has it.
type kept struct {
	phone   uint64
	since   time.Time
	version uint64
}

// users returns the whole table by name.
func (b *backends) users(t *testing.T) map[string]kept {
	t.Helper()
	rows, err := b.db.QueryContext(t.Context(), "SELECT name, phone, since, version FROM ums_users")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	users := map[string]kept{}
	for rows.Next() {
		var (
			name  string
			u     kept
			since database.Time
		)
		if err := rows.Scan(&name, &u.phone, &since, &u.version); err != nil {
			t.Fatal(err)
		}
		u.since = since.Time
		users[name] = u
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return users
}

// key is what is stored of an idempotency key.
type key struct {
	exists bool
	done   bool // with an answer
}

// key returns what is stored of one idempotency key, whoever sent it.
func (b *backends) key(t *testing.T, name string) key {
	t.Helper()
	var rows, answers int
	const query = "SELECT COUNT(*), COUNT(status) FROM ums_idempotency WHERE idempotency_key = ?"
	if err := b.db.QueryRowContext(t.Context(), query, name).Scan(&rows, &answers); err != nil {
		t.Fatal(err)
	}
	return key{exists: rows > 0, done: answers > 0}
}

// execute runs a statement of the test's own.
func (b *backends) execute(t *testing.T, statement string, args ...any) {
	t.Helper()
	err := b.db.InTx(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(context.WithoutCancel(t.Context()), statement, args...)
		return err
	})
	if err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}
