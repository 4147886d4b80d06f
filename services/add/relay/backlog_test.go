package relay_test

import (
	"database/sql"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/event"
	"github.com/glarimy/ums/shared/servicetest"
)

// TestAParkedUsersBacklogIsNotInTheWay lets others write behind 100,000 events of a parked user. To go through those takes
// a database a fifth of a second, which is more than anybody is to wait for. How slow the machine and its disk are is told by
// another database, without a backlog.
func TestAParkedUsersBacklogIsNotInTheWay(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s store) {
		const parked = "Unwanted"
		s.fill(t, parked, 100_000)
		s.execute(t, "INSERT INTO ums_outbox_parked (aggregateid, attempts, next_attempt_at, last_error) VALUES (?, 1, ?, '')",
			parked, s.db.Dialect.Time(time.Now().Add(time.Hour)))
		through := s.goThrough(t)
		b, empty, another := &memory{}, s.another(t), &memory{}
		start(t, s, b, options{})
		start(t, empty, another, options{})

		const writes = 50
		var took, without []time.Duration
		for some := range slices.Chunk(many("Other", writes), writes/5) { // in turn, so that both have the same machine
			took = append(took, s.publishing(t, b, some)...)
			without = append(without, empty.publishing(t, another, some)...)
		}
		slices.Sort(took)
		slices.Sort(without)
		median, usual := took[writes/2], without[writes/2]
		t.Logf("%s: it takes %s to go through the backlog; others waited %s, without a backlog %s; %s at most",
			s.db.Dialect, through, median, usual, took[writes-1])
		if median > usual+through/3 {
			t.Errorf("others waited %s rather than %s: for the backlog, which takes %s to go through", median, usual, through)
		}
		if got := s.unpublished(t); got < 100_000 || len(b.ids(parked)) > 0 {
			t.Errorf("%d events are unpublished, of the parked user %d are", got, len(b.ids(parked)))
		}
	})
}

// publishing writes an event of each user, one after the other, and returns how long after that each was published.
func (s store) publishing(t *testing.T, b *memory, users []string) (took []time.Duration) {
	t.Helper()
	for _, user := range users {
		id := s.write(t, user)
		wrote := time.Now()
		servicetest.Eventually(t, "it is published", func() bool { return slices.Contains(b.ids(user), id) })
		took = append(took, time.Since(wrote))
	}
	return took
}

// TestALateCommitBehindABacklog is that of a transaction whose number has been passed meanwhile.
func TestALateCommitBehindABacklog(t *testing.T) {
	t.Parallel()
	s := onMySQL(t) // SQLite has one writer at a time
	s.fill(t, "Unwanted", 50_000)
	s.execute(t, "INSERT INTO ums_outbox_parked (aggregateid, attempts, next_attempt_at, last_error) VALUES ('Unwanted', 1, ?, '')",
		s.db.Dialect.Time(time.Now().Add(time.Hour)))
	b := &memory{}
	start(t, s, b, options{})
	var lower string
	err := s.db.InTx(t.Context(), func(tx *sql.Tx) (err error) {
		if lower, err = s.insert(t.Context(), tx, "The slow one"); err != nil {
			return err
		}
		for range 20 {
			higher := s.write(t, "The quick one")
			servicetest.Eventually(t, "the higher is published", func() bool { return slices.Contains(b.ids(""), higher) })
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	servicetest.Eventually(t, "the lower is published", func() bool { return slices.Contains(b.ids(""), lower) })
}

// TestNothingOvertakesWhoIsFreed frees a user whose rows lie before what the relay looks at meanwhile.
func TestNothingOvertakesWhoIsFreed(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s store) {
		s.fill(t, "Backlog", 50_000) // so that a look at all is rested from
		past, later := s.db.Dialect.Time(time.Unix(0, 0)), s.db.Dialect.Time(time.Now().Add(time.Hour))
		const park = "INSERT INTO ums_outbox_parked (aggregateid, attempts, next_attempt_at, last_error) VALUES (?, 1, ?, '')"
		s.execute(t, park, "Backlog", later)
		s.execute(t, park, "User", later)
		want := s.writeAll(t, repeated("User", 10)...)
		b := &memory{}
		start(t, s, b, options{})
		for range 5 {
			id := s.write(t, "Other")
			servicetest.Eventually(t, "others move", func() bool { return slices.Contains(b.ids(""), id) })
		}
		s.execute(t, "UPDATE ums_outbox_parked SET next_attempt_at = ? WHERE aggregateid = 'User'", past)
		for range 100 {
			want = append(want, s.write(t, "User"))
		}
		servicetest.Eventually(t, "all of his are published", func() bool { return len(b.ids("User")) == len(want) })
		if !slices.Equal(want, b.ids("User")) {
			t.Error("a freed user's events arrived in another order")
		}
	})
}

// fill puts many events of one user into the outbox, all with ids that are good for nothing.
func (s store) fill(t *testing.T, user string, n int) {
	t.Helper()
	id := "UUID()"
	if s.db.Dialect == database.SQLite {
		id = "hex(randomblob(16))"
	}
	const columns = "(id, aggregatetype, aggregateid, type, payload, occurred_at)"
	s.writeAll(t, user)
	for have := 1; have < n; have *= 2 {
		s.execute(t, "INSERT INTO ums_outbox "+columns+" SELECT "+id+", aggregatetype, aggregateid, type, payload, occurred_at "+
			"FROM ums_outbox WHERE aggregateid = ? LIMIT ?", user, min(have, n-have))
	}
}

// goThrough returns how long the database takes to find that nobody but parked users has events.
func (s store) goThrough(t *testing.T) time.Duration {
	t.Helper()
	best := time.Hour
	for range 3 {
		began := time.Now()
		if n := s.number(t, "SELECT COUNT(*) FROM ums_outbox o WHERE o.published_at IS NULL AND LENGTH(o.payload) > 0 AND NOT EXISTS "+
			"(SELECT 1 FROM ums_outbox_parked p WHERE p.aggregateid = o.aggregateid)"); n != 0 {
			t.Fatalf("%d events are not parked", n)
		}
		best = min(best, time.Since(began))
	}
	return best
}

// TestNothingOvertakesWhoWasInDoubt has the bus fail for one user's event, once more while it is probed, and then take
// it after all. His later events were left out of that batch; what he does next must not overtake them, even though
// the relay looks only behind the batch for a while.
func TestNothingOvertakesWhoWasInDoubt(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s store) {
		s.fill(t, "Backlog", 50_000) // so that a look at all is rested from
		s.execute(t, "INSERT INTO ums_outbox_parked (aggregateid, attempts, next_attempt_at, last_error) VALUES ('Backlog', 1, ?, '')",
			s.db.Dialect.Time(time.Now().Add(time.Hour)))
		want := s.writeAll(t, "User", "User", "Other")
		other := want[2]
		b, calls := &memory{}, 0
		b.refuse(func(event.Event) error { // it is called by one goroutine at a time
			if calls++; calls <= 3 { // for both users' first events, and for the one's again
				return errors.New("no answer")
			}
			return nil
		})
		start(t, s, b, options{})
		servicetest.Eventually(t, "the other moves", func() bool { return slices.Contains(b.ids(""), other) })
		want[2] = s.write(t, "User")
		servicetest.Eventually(t, "all of his are published", func() bool { return len(b.ids("User")) == len(want) })
		if got := b.ids("User"); !slices.Equal(want, got) {
			t.Errorf("events arrived as %q, want %q", got, want)
		}
	})
}
