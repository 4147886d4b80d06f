package journal_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/glarimy/ums/shared/bus"
	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/enginetest"
	"github.com/glarimy/ums/shared/event"
	"github.com/glarimy/ums/shared/mysqlproxy"
	"github.com/glarimy/ums/shared/servicetest"
)

func isUnavailable(err error) bool { return errors.Is(err, bus.ErrUnavailable) }

// TestWithoutABus records all of the outbox, what was there before the service and what comes later.
func TestWithoutABus(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *backend) {
		want := b.write(t, slices.Repeat([]string{"KrishnaMohan", "AnotherUser"}, 600)...)
		s := start(t, b, options{})
		b.waitFor(t, 1200)
		for range 3 {
			want = append(want, b.write(t, "KrishnaMohan")...)
			b.waitFor(t, len(want))
		}
		if got := b.recorded(t); !slices.Equal(got, want) {
			t.Error("the journal is not the outbox in its order")
		}
		b.wantInOrder(t)
		servicetest.Eventually(t, "a leader has counted all", func() bool {
			return s.metric(t, "ums_journal_leader") == 1 && s.metric(t, "ums_journal_appended_total") == float64(len(want))
		})
	})
}

// TestTheBusRepeatsTurnsAroundAndLoses brings changes several times, out of order and not all of them, and reads among them.
func TestTheBusRepeatsTurnsAroundAndLoses(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *backend) {
		l := newLine()
		s := start(t, b, options{bus: l})
		reads := 0
		for round := range 20 {
			b.write(t, "KrishnaMohan", "AnotherUser", "KrishnaMohan", fmt.Sprintf("User %04d", round))
			events := b.outboxEvents(t)
			events = append(events, read("KrishnaMohan"), read(""))
			reads += 2
			twice := slices.Concat(events, events)
			rand.Shuffle(len(twice), func(i, j int) { twice[i], twice[j] = twice[j], twice[i] })
			for piece := range slices.Chunk(twice, 7) {
				for _, e := range piece {
					if e.IsChange() && rand.N(3) == 0 {
						continue // lost
					}
					l.send(e)
				}
			}
		}
		b.waitFor(t, 20*4+reads)
		servicetest.Eventually(t, "all was consumed", func() bool { return len(l.pieces) == 0 })
		b.waitFor(t, 20*4+reads)
		b.wantInOrder(t)
		if dead := l.deadLetters(); len(dead) > 0 {
			t.Errorf("%d dead letters", len(dead))
		}
		if s.metric(t, "ums_journal_repeated_total") == 0 {
			t.Error("nothing came twice")
		}
	})
}

// TestWhatTheOutboxDoesNotHaveComesFromTheBus also finds that a sequence that somebody made up harms nobody.
func TestWhatTheOutboxDoesNotHaveComesFromTheBus(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *backend) {
		l := newLine()
		start(t, b, options{bus: l})
		change := func(sequence uint64) event.Event {
			return event.Event{
				ID: uuid.NewString(), Source: "/somewhere", Type: event.TypeChanged, User: "KrishnaMohan",
				Time: time.Now().UTC().Truncate(time.Microsecond), Sequence: event.Sequence(sequence), Data: []byte(`{}`),
			}
		}
		second, first, far := change(5002), change(5001), change(9_000_000_000_000_000_000)
		later := read("KrishnaMohan")
		later.Type, later.Sequence = "com.example.later", ""
		l.send(far)
		l.send(later, second, first)
		b.waitFor(t, 4)
		if got, want := b.recorded(t), []string{far.ID, first.ID, second.ID, later.ID}; !slices.Equal(got, want) {
			t.Errorf("the journal has %v, want %v", got, want)
		}
		for i := range 3 {
			b.write(t, "KrishnaMohan", "AnotherUser")
			b.waitFor(t, 4+2*(i+1))
		}
	})
}

// TestGaps commits a transaction long after others that have higher numbers.
func TestGaps(t *testing.T) {
	t.Parallel()
	engine := enginetest.MySQL(t)
	b := newBackend(t, engine.URL)
	s := start(t, b, options{})
	begin := func() *sql.Tx {
		tx, err := b.db.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		return tx
	}
	insert := func(tx *sql.Tx, user string) string {
		id, err := b.insert(tx, user)
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	slow, lost := begin(), begin()
	first := insert(slow, "SlowUser1")
	insert(lost, "LostUser1")
	b.write(t, "KrishnaMohan", "AnotherUser")
	b.waitFor(t, 2)
	if err := lost.Rollback(); err != nil {
		t.Fatal(err)
	}
	servicetest.Eventually(t, "a gap is open", func() bool { return s.metric(t, "ums_journal_open_gaps") > 0 })
	s.stop() // the gap is remembered over a restart
	s = start(t, b, options{})
	b.write(t, "KrishnaMohan")
	b.waitFor(t, 3)
	if err := slow.Commit(); err != nil {
		t.Fatal(err)
	}
	second := b.write(t, "SlowUser1", "AnotherUser")[0]
	b.waitFor(t, 6)
	b.wantInOrder(t)
	got := b.recorded(t)
	if slices.Index(got, first) < 3 || slices.Index(got, second) < slices.Index(got, first) {
		t.Errorf("the slow user's events are number %d and %d", slices.Index(got, first), slices.Index(got, second))
	}
	// It is counted when the transaction has ended in which the event is seen already.
	servicetest.Eventually(t, "one event was late", func() bool { return s.metric(t, "ums_journal_late_total") == 1 })
}

// TestOrderUnderConcurrentWrites writes as add does: a user's events under the lock of the user's row.
func TestOrderUnderConcurrentWrites(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *backend) {
		l := newLine()
		start(t, b, options{bus: l})
		const users, each = 8, 60
		for i := range users {
			b.execute(t, "INSERT INTO ums_users (name, phone, since) VALUES (?, 9000000000, ?)", fmt.Sprintf("User %04d", i), b.db.Dialect.Time(time.Now()))
		}
		var all sync.WaitGroup
		for writer := range 2 * users {
			all.Go(func() {
				for range each / 2 {
					user := fmt.Sprintf("User %04d", writer%users)
					err := errRolledBack
					for errors.Is(err, errRolledBack) {
						err = b.db.InTx(context.Background(), func(tx *sql.Tx) error {
							_, err := tx.ExecContext(t.Context(), "UPDATE ums_users SET version = version + 1 WHERE name = ?", user)
							if err == nil {
								_, err = b.insert(tx, user)
							}
							if err == nil && rand.N(10) == 0 {
								err = errRolledBack // whose number nobody will ever have
							}
							return err
						})
					}
					if err != nil && !database.IsContention(err) {
						t.Errorf("write: %v", err)
					}
					l.send(read(user))
				}
			})
		}
		all.Wait()
		b.waitFor(t, b.number(t, "SELECT COUNT(*) FROM ums_outbox")+users*each)
		b.wantInOrder(t)
	})
}

var errRolledBack = errors.New("rolled back")

// TestUnstorable has the bus bring what no table would take. It must not stop the journal, and end as a dead letter.
func TestUnstorable(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *backend) {
		l := newLine()
		s := start(t, b, options{bus: l})
		long, beyond, broken := read(strings.Repeat("ಕ", 256)), read("KrishnaMohan"), read("KrishnaMohan")
		beyond.Sequence = "18446744073709551615"
		broken.Data = []byte(`{"phone":` + phonePrefix)
		good := []event.Event{read("KrishnaMohan"), read("AnotherUser"), read("KrishnaMohan")}
		l.send(good[0], long, good[1], beyond, broken, good[2])
		servicetest.Eventually(t, "three are dead letters", func() bool { return len(l.deadLetters()) == 3 })
		if got, want := l.deadLetters(), []string{long.ID, beyond.ID, broken.ID}; !slices.Equal(got, want) {
			t.Errorf("the dead letters are %v, want %v", got, want)
		}
		b.waitFor(t, 3)
		b.write(t, "KrishnaMohan")
		b.waitFor(t, 4)
		if s.metric(t, "ums_journal_refused_total") == 0 {
			t.Error("what was refused is not counted")
		}
	})
}

// TestWhateverTheOutboxHasIsRecorded takes rows that the bus would refuse.
func TestWhateverTheOutboxHasIsRecorded(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *backend) {
		s := start(t, b, options{})
		at := b.db.Dialect.Time(time.Now())
		long := `{"padding":"` + strings.Repeat("ಕ", event.MaxData) + `"}`
		b.execute(t, insertOutbox, uuid.NewString(), strings.Repeat("ಕ", 255), event.TypeChanged, long, at)
		b.execute(t, insertOutbox, uuid.NewString(), "Two\nLines", "no type", `{"phone":`, at)
		b.execute(t, insertOutbox, "no id", "", "", "", at)
		b.write(t, "KrishnaMohan")
		b.waitFor(t, 4)
		got := s.getAnything(t).page(t)
		if len(got.Events) != 4 || string(got.Events[1].Data) != `"{\"phone\":"` || got.Events[1].Subject != "Two\nLines" {
			t.Errorf("the page is not as the outbox: %d events, data %.50s", len(got.Events), got.Events[1].Data)
		}
	})
}

// TestTheDatabaseIsAway finds that no event is at fault, and that the journal goes on by itself.
func TestTheDatabaseIsAway(t *testing.T) {
	t.Parallel()
	b := newBackend(t, enginetest.MySQL(t).URL)
	proxy := mysqlproxy.New(t, b.sqlURL)
	l := newLine()
	start(t, b, options{db: servicetest.OpenDB(t, proxy.URL()), bus: l})
	b.write(t, "KrishnaMohan")
	b.waitFor(t, 1)
	proxy.Stop()
	b.write(t, "KrishnaMohan")
	l.send(read("KrishnaMohan"), read("AnotherUser"))
	servicetest.Eventually(t, "the bus is told", func() bool { l.mu.Lock(); defer l.mu.Unlock(); return l.away > 7 })
	proxy.Start()
	b.waitFor(t, 4)
	if dead := l.deadLetters(); len(dead) > 0 {
		t.Errorf("%d dead letters", len(dead))
	}
}

// TestADeposedAppenderCommitsNothing takes the lease away while rows are appended, again and again, until five times one who
// was deposed has tried to append: what is in the journal must come in order and once, whoever appended it.
func TestADeposedAppenderCommitsNothing(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *backend) {
		replicas := make([]*service, 3)
		for i := range replicas {
			replicas[i] = start(t, b, options{db: servicetest.OpenDB(t, b.sqlURL), leaseTime: 2 * time.Second})
		}
		failures := func() (n float64) {
			for _, s := range replicas {
				n += s.metric(t, "ums_journal_failures_total")
			}
			return n
		}
		stop := b.writeOn(t)
		deposed := 0
		for failures() < 5 {
			if deposed++; deposed > 100 {
				t.Fatalf("%v of %d who were deposed tried to append", failures(), deposed)
			}
			recorded := b.number(t, "SELECT COUNT(*) FROM ums_journal")
			servicetest.Eventually(t, "one appends", func() bool { return b.number(t, "SELECT COUNT(*) FROM ums_journal") > recorded })
			b.execute(t, "UPDATE ums_lease SET holder = 'nobody', expires_at = "+b.db.Dialect.Now()+" WHERE name = 'journal'")
		}
		b.waitFor(t, stop())
		b.wantInOrder(t)
		t.Logf("deposed %d times, %v of them in the middle of appending", deposed, failures())
	})
}

// writeOn writes events of two users again and again until it is stopped, which returns how many it has written, or t ends.
func (b *backend) writeOn(t *testing.T) (stop func() (written int)) {
	t.Helper()
	over, written := make(chan struct{}), make(chan int, 1)
	go func() {
		n := 0
		defer func() { written <- n }()
		again := time.NewTicker(20 * time.Millisecond)
		defer again.Stop()
		for {
			select {
			case <-over:
				return
			case <-again.C:
			}
			if _, err := b.add("KrishnaMohan", "AnotherUser"); err != nil {
				t.Errorf("write: %v", err)
				return
			}
			n += 2
		}
	}()
	stop = sync.OnceValue(func() int { close(over); return <-written })
	t.Cleanup(func() { stop() })
	return stop
}

// TestRestart finds that a service takes up where the one before it ended.
func TestRestart(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *backend) {
		now := time.Now()
		for i := range 4 {
			at := now.Add(-time.Duration(i) * time.Hour) // each one's clock is behind that of the one before
			s := start(t, b, options{now: func() time.Time { return at }})
			b.write(t, "KrishnaMohan", "AnotherUser")
			b.waitFor(t, 2*i+2)
			s.stop()
		}
		b.wantInOrder(t)
		b.execute(t, "DELETE FROM ums_journal_progress") // an operator has everything looked at again
		start(t, b, options{})
		b.write(t, "KrishnaMohan")
		b.waitFor(t, 9)
		b.wantInOrder(t)
	})
}

// TestADeposedAppenderThatDoesNotKnow has a lease that is not to be renewed for a long time taken away: nothing that is
// written from then on may be recorded but by the successor.
func TestADeposedAppenderThatDoesNotKnow(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *backend) {
		l := newLine()
		s := start(t, b, options{bus: l, leaseTime: time.Hour})
		b.write(t, "KrishnaMohan")
		b.waitFor(t, 1)
		err := b.db.InTx(t.Context(), func(tx *sql.Tx) error {
			_, err := tx.ExecContext(t.Context(), "UPDATE ums_lease SET holder = 'another' WHERE name = 'journal'")
			if err == nil {
				_, err = b.insert(tx, "KrishnaMohan")
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		l.send(read("KrishnaMohan"))
		servicetest.Eventually(t, "it cannot append", func() bool {
			l.mu.Lock()
			defer l.mu.Unlock()
			return l.away > 3 && s.metric(t, "ums_journal_failures_total") > 1
		})
		b.waitFor(t, 1)
		b.execute(t, "UPDATE ums_lease SET expires_at = "+b.db.Dialect.Now()+" WHERE name = 'journal'")
		start(t, b, options{db: servicetest.OpenDB(t, b.sqlURL)})
		b.waitFor(t, 2)
		b.wantInOrder(t)
	})
}
