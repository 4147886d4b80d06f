package relay_test

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/glarimy/ums/services/add/relay"
	"github.com/glarimy/ums/shared/event"
	"github.com/glarimy/ums/shared/event/eventtest"
	"github.com/glarimy/ums/shared/servicetest"
)

func TestAnEventArrivesWhole(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s store) {
		at := time.Date(2022, 9, 12, 10, 0, 0, 123456000, time.UTC)
		const statement = "INSERT INTO ums_outbox (seq, id, aggregatetype, aggregateid, type, payload, actor, request_id, " +
			"traceparent, occurred_at) VALUES (?, ?, 'user', ?, ?, ?, ?, ?, ?, ?)"
		want := event.Event{
			ID: uuid.NewString(), Source: "/ums/add", Type: event.TypeAdded, User: "ಕೃಷ್ಣಮೋಹನ", Time: at,
			Sequence: "00000000000000000007", Actor: "someone", RequestID: "r-1",
			Traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
			Data:        []byte("{ \"phone\": 9731423166,\n\"name\":\"ಕೃಷ್ಣಮೋಹನ\", \"since\":\"2022-09-12T10:00:00.123456Z\", \"version\":1}"),
		}
		s.execute(t, statement, 7, want.ID, want.User, want.Type, string(want.Data), want.Actor, want.RequestID,
			want.Traceparent, s.db.Dialect.Time(at))
		// The origin of another language's row may be absent or nonsense, which must not hold the change back.
		s.execute(t, statement, 8, uuid.NewString(), want.User, want.Type, "{}", "a\ttab", "a space", "no trace", s.db.Dialect.Time(at))
		s.execute(t, statement, 9, uuid.NewString(), want.User, want.Type, "{}", nil, nil, nil, s.db.Dialect.Time(at))

		b := &memory{}
		r := start(t, s, b, options{})
		servicetest.Eventually(t, "all are published", func() bool { return s.unpublished(t) == 0 })
		if diff := cmp.Diff(want, b.events[0]); diff != "" {
			t.Errorf("the event differs from its row (-want +got):\n%s", diff)
		}
		if err := eventtest.Check(b.events[0]); err != nil {
			t.Errorf("the event is not as its contract promises: %v", err)
		}
		for _, e := range b.events {
			if err := e.Validate(); err != nil {
				t.Errorf("event %s: %v", e.Sequence, err)
			}
		}
		if got := r.metric(t, "ums_relay_published_total"); got != 3 {
			t.Errorf("ums_relay_published_total = %v, want 3", got)
		}
	})
}

// TestOrder sends many events of few users through batches, in more than one.
func TestOrder(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s store) {
		var users []string
		for range 100 {
			users = append(users, many("User", 13)...)
		}
		want := s.writeAll(t, users...)
		b := &memory{}
		start(t, s, b, options{})
		servicetest.Eventually(t, "all are published", func() bool { return s.unpublished(t) == 0 })
		if diff := cmp.Diff(want, b.ids("")); diff != "" {
			t.Errorf("the bus has them otherwise (-want +got):\n%s", diff)
		}
	})
}

// TestAHangingBusDelaysNobody has the bus hang for five seconds and more, until writers and the clean-up are done.
func TestAHangingBusDelaysNobody(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s store) {
		long := time.Now().Add(-1000 * time.Hour)
		s.writeAll(t, many("Published long ago", 1200)...)
		s.execute(t, "UPDATE ums_outbox SET published_at = ?", s.db.Dialect.Time(long))
		s.writeAll(t, many("Waiting", 10)...)

		hanging, release := make(chan struct{}, 1), make(chan struct{})
		b := &memory{}
		r := start(t, s, busFunc(func(ctx context.Context, events []event.Event) []error {
			select {
			case hanging <- struct{}{}:
			default:
			}
			<-release
			return b.Publish(ctx, events)
		}), options{config: relay.Config{LeaseTime: time.Minute}}) // one who has lost it would not clean up any more
		end := sync.OnceFunc(func() { close(release) })
		t.Cleanup(end) // before the relay is waited for
		<-hanging

		var took []time.Duration
		again := time.NewTicker(10 * time.Millisecond)
		defer again.Stop()
		for hung := time.Now(); time.Since(hung) < 5*time.Second; <-again.C {
			began := time.Now()
			s.write(t, "Written meanwhile")
			took = append(took, time.Since(began))
		}
		servicetest.Eventually(t, "the clean-up is done", func() bool {
			return s.number(t, "SELECT COUNT(*) FROM ums_outbox WHERE published_at IS NOT NULL") == 0
		})
		servicetest.Eventually(t, "the lag is told", func() bool { return r.metric(t, "ums_relay_lag_seconds") > 0 })
		if n := len(b.ids("")); n != 0 {
			t.Fatalf("the bus did not hang: it has %d events", n)
		}
		end()
		servicetest.Eventually(t, "all are published", func() bool { return s.unpublished(t) == 0 })
		servicetest.Eventually(t, "the lag is gone", func() bool { return r.metric(t, "ums_relay_lag_seconds") == 0 })
		slices.Sort(took)
		median := took[len(took)/2]
		t.Logf("%s: %d INSERTs while the bus hung took %s, and %s at most", s.db.Dialect, len(took), median, took[len(took)-1])
		if median > time.Second { // a disk or a machine may be slow at times; the bus hung all the time
			t.Errorf("half of the INSERTs took %s and more while the bus hung", median)
		}
	})
}

// TestAnOpenTransactionIsNotInTheWay leaves a writer's transaction open while the relay marks and cleans up around it:
// neither may wait for the other.
func TestAnOpenTransactionIsNotInTheWay(t *testing.T) {
	t.Parallel()
	s := onMySQL(t)
	s.writeAll(t, many("Published long ago", 50)...)
	s.execute(t, "UPDATE ums_outbox SET published_at = ?", s.db.Dialect.Time(time.Now().Add(-1000*time.Hour)))
	s.writeAll(t, many("Before", 5)...)
	err := s.db.InTx(t.Context(), func(tx *sql.Tx) error {
		if _, err := s.insert(t.Context(), tx, "Uncommitted"); err != nil {
			return err
		}
		s.writeAll(t, many("After", 5)...)
		b := &memory{}
		start(t, s, b, options{})
		servicetest.Eventually(t, "the others' are published", func() bool { return len(b.ids("")) == 10 && s.unpublished(t) == 0 })
		servicetest.Eventually(t, "the clean-up is done", func() bool { return s.number(t, "SELECT COUNT(*) FROM ums_outbox") == 10 })
		s.write(t, "And another")
		if _, err := s.insert(t.Context(), tx, "Uncommitted"); err != nil {
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	servicetest.Eventually(t, "the open transaction's are published", func() bool { return s.unpublished(t) == 0 })
}

// TestALowerNumberThatCommitsLater is what an offset would pass over.
func TestALowerNumberThatCommitsLater(t *testing.T) {
	t.Parallel()
	s := onMySQL(t) // SQLite has one writer at a time
	b := &memory{}
	start(t, s, b, options{})
	for range 20 {
		var lower, higher string
		err := s.db.InTx(t.Context(), func(tx *sql.Tx) (err error) {
			if lower, err = s.insert(t.Context(), tx, "The slow one"); err != nil {
				return err
			}
			higher = s.write(t, "The quick one")
			servicetest.Eventually(t, "the higher is published", func() bool { return slices.Contains(b.ids(""), higher) })
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		servicetest.Eventually(t, "the lower is published", func() bool { return slices.Contains(b.ids(""), lower) })
	}
	if lower, higher := s.number(t, "SELECT MIN(seq) FROM ums_outbox WHERE aggregateid = 'The slow one'"),
		s.number(t, "SELECT MIN(seq) FROM ums_outbox WHERE aggregateid = 'The quick one'"); lower >= higher {
		t.Errorf("the slow one has number %d and the quick one %d: the test shows nothing", lower, higher)
	}
}

func TestCleanup(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s store) {
		s.writeAll(t, many("Old", 1300)...)
		s.execute(t, "UPDATE ums_outbox SET published_at = ?", s.db.Dialect.Time(time.Now().Add(-61*time.Minute)))
		young := s.write(t, "Young")
		s.execute(t, "UPDATE ums_outbox SET published_at = ? WHERE id = ?", s.db.Dialect.Time(time.Now().Add(-59*time.Minute)), young)
		s.execute(t, "INSERT INTO ums_outbox_parked (aggregateid, attempts, next_attempt_at, last_error) VALUES ('Parked', 1, ?, '')",
			s.db.Dialect.Time(time.Now().Add(time.Hour)))
		s.write(t, "Parked")
		r := start(t, s, &memory{}, options{config: relay.Config{Retention: time.Hour}})
		servicetest.Eventually(t, "the old are removed", func() bool { return s.number(t, "SELECT COUNT(*) FROM ums_outbox") == 2 })
		if got := s.number(t, "SELECT COUNT(*) FROM ums_outbox WHERE id = ?", young); got != 1 {
			t.Error("a row was removed before its time")
		}
		servicetest.Eventually(t, "the removed are counted", func() bool { return r.metric(t, "ums_relay_removed_total") == 1300 })
	})
}

// TestADatabaseThatFailsAfterPublishing must not have the events sent again: the relay knows that the bus has them.
func TestADatabaseThatFailsAfterPublishing(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s store) {
		b := &memory{}
		var calls atomic.Int32
		s.writeAll(t, many("User", 3)...)
		r := start(t, s, busFunc(func(ctx context.Context, events []event.Event) []error {
			if calls.Add(1) == 1 {
				s.execute(t, "ALTER TABLE ums_outbox RENAME TO elsewhere")
			}
			return b.Publish(ctx, events)
		}), options{})
		servicetest.Eventually(t, "the relay has failed", func() bool { return r.metric(t, "ums_relay_failures_total") >= 2 })
		s.execute(t, "ALTER TABLE elsewhere RENAME TO ums_outbox")
		servicetest.Eventually(t, "all are marked", func() bool { return s.unpublished(t) == 0 })
		if n := calls.Load(); n != 1 {
			t.Errorf("they were published %d times, want once", n)
		}
	})
}

func TestWrongConfiguration(t *testing.T) {
	t.Parallel()
	for want, c := range map[string]relay.Config{
		"RELAY_LEASE_TIME is 9ms: give at least 10ms":                                   {LeaseTime: 9 * time.Millisecond},
		"OUTBOX_RETENTION is -1s: give how long published events are kept, such as 72h": {Retention: -time.Second},
	} {
		if _, err := relay.New(c, relay.Dependencies{}); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

var errAway = errors.New("the bus is away")
