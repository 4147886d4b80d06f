package journal_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/glarimy/ums/services/journal"
	"github.com/glarimy/ums/shared/event"
	"github.com/glarimy/ums/shared/user"
)

// happen writes an event to the outbox as add does.
func (b *backend) happen(tb testing.TB, kind, name string, phone, version int, at time.Time) {
	tb.Helper()
	payload := fmt.Sprintf(`{"name":%q,"phone":%d,"since":%q,"version":%d}`, name, phone, user.FormatSince(began()), version)
	b.execute(tb, insertOutbox, uuid.NewString(), name, kind, payload, b.db.Dialect.Time(at))
}

// history makes two users and a third who is gone, and records it all.
func (b *backend) history(t *testing.T) {
	t.Helper()
	s := start(t, b, options{})
	for i, name := range []string{"KrishnaMohan", "Krishna Rao", "SomebodyElse"} {
		b.happen(t, event.TypeAdded, name, 9731423100+i, 1, began())
		b.happen(t, event.TypeChanged, name, 9731423200+i, 2, began())
		b.execute(t, "INSERT INTO ums_users (name, phone, since, version) VALUES (?, ?, ?, 2)", name, 9731423200+i, b.db.Dialect.Time(began()))
	}
	b.happen(t, event.TypeRemoved, "SomebodyElse", 9731423202, 2, began())
	b.execute(t, "DELETE FROM ums_users WHERE name = 'SomebodyElse'")
	b.waitFor(t, 7)
	s.stop()
}

func (b *backend) verify(tb testing.TB, limit int) journal.Verification {
	tb.Helper()
	v, err := journal.Verify(tb.Context(), b.db, journal.VerifyOptions{Patience: time.Minute, Limit: limit, Now: time.Now})
	if err != nil {
		tb.Fatal(err)
	}
	if n := min(v.Count, limit); len(v.Findings) != n || strings.Contains(fmt.Sprint(v), "97314") {
		tb.Errorf("%d findings are counted: %+v", v.Count, v)
	}
	return v
}

func TestVerify(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *backend) {
		b.history(t)
		if v := b.verify(t, 10); v.Count != 0 || v.Outbox != 7 || v.Changes != 7 || v.Users != 2 || v.Pending != 0 {
			t.Fatalf("of a sound journal: %+v", v)
		}
		const copied = " (id, source, type, user, sequence, occurred_at, recorded_at, data) SELECT "
		for _, damage := range []struct {
			statements []string
			want       []string
		}{
			{[]string{"UPDATE ums_users SET phone = 9000000000 WHERE name = 'KrishnaMohan'"}, []string{"different KrishnaMohan 2"}},
			{[]string{"UPDATE ums_users SET version = 5 WHERE name = 'KrishnaMohan'"}, []string{"different KrishnaMohan 2"}},
			{[]string{"DELETE FROM ums_users WHERE name = 'KrishnaMohan'"}, []string{"gone KrishnaMohan 2"}},
			{[]string{"DELETE FROM ums_journal WHERE sequence = 3", "DELETE FROM ums_journal WHERE sequence = 7"},
				[]string{"missing Krishna Rao 3", "missing SomebodyElse 7", "gone SomebodyElse 6"}},
			{[]string{"DELETE FROM ums_journal WHERE user = 'Krishna Rao'", "DELETE FROM ums_outbox WHERE aggregateid = 'Krishna Rao'"}, []string{"unrecorded Krishna Rao 0"}},
			{[]string{"UPDATE ums_journal SET data = '{}' WHERE sequence = 1"}, []string{"altered KrishnaMohan 1", "unreadable KrishnaMohan 1"}},
			{[]string{"INSERT INTO ums_journal" + copied + "'another', source, type, user, sequence, occurred_at, recorded_at, data FROM ums_journal WHERE sequence = 4"},
				[]string{"doubled Krishna Rao 4"}},
			{[]string{"INSERT INTO ums_journal" + copied + "'another', source, type, user, 1, occurred_at, recorded_at, data FROM ums_journal WHERE sequence = 4"},
				[]string{"disordered Krishna Rao 1"}},
		} {
			keep := b.keep(t)
			for _, statement := range damage.statements {
				b.execute(t, statement)
			}
			var got []string
			for _, f := range b.verify(t, 10).Findings {
				got = append(got, fmt.Sprintf("%s %s %d", f.Kind, f.User, f.Sequence))
			}
			if !slices.Equal(got, damage.want) {
				t.Errorf("%s: %q, want %q", damage.statements, got, damage.want)
			}
			b.verify(t, 0)
			keep()
		}
		b.happen(t, event.TypeAdded, "NewComer1", 9731423300, 1, time.Now())
		b.execute(t, "INSERT INTO ums_users (name, phone, since) VALUES ('NewComer1', 9731423300, ?)", b.db.Dialect.Time(began()))
		if v := b.verify(t, 10); v.Count != 0 || v.Pending != 1 {
			t.Errorf("with an event on its way: %+v", v)
		}
	})
}

// keep remembers what the tables hold, and returns what puts it back.
func (b *backend) keep(t *testing.T) (restore func()) {
	t.Helper()
	tables := []string{"ums_users", "ums_outbox", "ums_journal"}
	for _, table := range tables {
		b.execute(t, "CREATE TABLE kept_"+table+" AS SELECT * FROM "+table)
	}
	return func() {
		for _, table := range tables {
			b.execute(t, "DELETE FROM "+table)
			b.execute(t, "INSERT INTO "+table+" SELECT * FROM kept_"+table)
			b.execute(t, "DROP TABLE kept_"+table)
		}
	}
}
