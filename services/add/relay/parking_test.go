package relay_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/glarimy/ums/services/add/relay"
	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/event"
	"github.com/glarimy/ums/shared/servicetest"
)

// calls counts the events of each call to a bus. It is safe for concurrent use.
type calls struct {
	*memory

	mu    sync.Mutex
	sizes []int
}

func (c *calls) Publish(ctx context.Context, events []event.Event) []error {
	c.mu.Lock()
	c.sizes = append(c.sizes, len(events))
	c.mu.Unlock()
	return c.memory.Publish(ctx, events)
}

func (c *calls) since() (sizes []int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	sizes, c.sizes = c.sizes, nil
	return sizes
}

func status(t *testing.T, s store) relay.Status {
	t.Helper()
	got, err := relay.ReadStatus(t.Context(), s.db, 10)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// TestARefusedEventParksItsUserAlone follows a user with more events than a batch holds through refusals, a takeover and
// the end of the trouble.
func TestARefusedEventParksItsUserAlone(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s store) {
		const unwanted = "Unwanted"
		own := s.writeAll(t, repeated(unwanted, 700)...)
		b := &calls{memory: &memory{fault: refusing(unwanted)}}
		c := newClock()
		first := start(t, s, b, options{now: c.now})
		servicetest.Eventually(t, "the user is parked", func() bool { return first.metric(t, "ums_relay_parked_users") == 1 })

		// The rows of others fill whole batches.
		b.since()
		others := s.writeAll(t, many("Other", 500)...)
		servicetest.Eventually(t, "the others' are published", func() bool { return s.unpublished(t) == len(own) })
		if diff := cmp.Diff([]int{500}, b.since()); diff != "" {
			t.Errorf("500 events of others went in other calls (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(others, b.ids("")); diff != "" {
			t.Errorf("the bus has others than the others' (-want +got):\n%s", diff)
		}

		// Each try comes later than the one before it.
		for attempts, wait := 1, time.Second; attempts <= 4; attempts, wait = attempts+1, 2*wait {
			servicetest.Eventually(t, "it is tried again", func() bool { return first.metric(t, "ums_relay_refused_total") == float64(attempts) })
			parked := status(t, s).Parked
			if len(parked) != 1 || parked[0].User != unwanted || parked[0].Attempts != attempts || parked[0].Waiting != 700 ||
				parked[0].LastError != "the bus refuses the event: it is not wanted" {
				t.Fatalf("after %d attempts, parked are %+v", attempts, parked)
			}
			if left := parked[0].NextAttempt.Sub(c.now()); left != wait {
				t.Errorf("after %d attempts the next is in %s, want %s", attempts, left, wait)
			}
			c.turn(wait)
		}

		// Another relay takes over what was learned.
		servicetest.Eventually(t, "the fifth try", func() bool { return first.metric(t, "ums_relay_refused_total") == 5 })
		first.stop()
		b.since()
		second := start(t, s, b, options{now: c.now})
		more := s.write(t, "Another")
		servicetest.Eventually(t, "the second leads", func() bool { return slices.Contains(b.ids(""), more) && s.unpublished(t) == 700 })
		if diff := cmp.Diff([]int{1}, b.since()); diff != "" {
			t.Errorf("the second sent more than the new event (-want +got):\n%s", diff)
		}
		if got := status(t, s); got.ParkedUsers != 1 || got.Parked[0].Attempts != 5 || got.Waiting != 700 || !got.Leader.Live {
			t.Errorf("after the takeover: %+v", got)
		}

		// The end of the trouble.
		b.accept()
		c.turn(16 * time.Second)
		servicetest.Eventually(t, "all are published", func() bool { return s.unpublished(t) == 0 })
		if diff := cmp.Diff(own, b.ids(unwanted)); diff != "" {
			t.Errorf("the user's events arrived otherwise (-want +got):\n%s", diff)
		}
		servicetest.Eventually(t, "nobody is parked", func() bool { return second.metric(t, "ums_relay_parked_users") == 0 })
	})
}

// TestOneBadEventInTheMiddle has the user's events before it arrive, and those after it wait.
func TestOneBadEventInTheMiddle(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s store) {
		ids := s.writeAll(t, repeated("User", 5)...)
		b := &memory{fault: func(e event.Event) error {
			if e.ID == ids[2] {
				return refusing("User")(e)
			}
			return nil
		}}
		start(t, s, b, options{})
		servicetest.Eventually(t, "the user is parked", func() bool { return status(t, s).ParkedUsers == 1 })
		if diff := cmp.Diff(ids[:2], b.ids("")); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		b.accept()
		if parked, err := relay.Retry(t.Context(), s.db, "User"); err != nil || !parked {
			t.Errorf("Retry = %v, %v", parked, err)
		}
		servicetest.Eventually(t, "all are published", func() bool { return s.unpublished(t) == 0 })
		if diff := cmp.Diff(ids, b.ids("")); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// TestABusThatIsAwayParksNobody: it is not the events' fault.
func TestABusThatIsAwayParksNobody(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s store) {
		b := &memory{fault: func(event.Event) error { return errAway }}
		want := s.writeAll(t, many("User", 10)...)
		r := start(t, s, b, options{})
		servicetest.Eventually(t, "the bus was tried some times", func() bool { return r.metric(t, "ums_relay_failures_total") >= 4 })
		if got := status(t, s); got.ParkedUsers != 0 || got.Waiting != 10 {
			t.Errorf("while the bus is away: %+v", got)
		}
		b.accept()
		servicetest.Eventually(t, "all are published", func() bool { return s.unpublished(t) == 0 })
		if diff := cmp.Diff(want, b.ids("")); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// TestAnEventThatBreaksTheBus fails every call that it is in, without being refused.
func TestAnEventThatBreaksTheBus(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s store) {
		users := many("User", 700)
		users[400] = "Breaking"
		users[600] = "Breaking"
		s.writeAll(t, users...)
		b := &memory{}
		start(t, s, busFunc(func(ctx context.Context, events []event.Event) []error {
			if slices.ContainsFunc(events, func(e event.Event) bool { return e.User == "Breaking" }) {
				return slices.Repeat([]error{errAway}, len(events))
			}
			return b.Publish(ctx, events)
		}), options{})
		servicetest.Eventually(t, "all others are published", func() bool { return s.unpublished(t) == 2 })
		if got := status(t, s); got.ParkedUsers != 1 || got.Parked[0].User != "Breaking" || got.Parked[0].LastError != errAway.Error() {
			t.Errorf("parked are %+v", got.Parked)
		}
	})
}

// TestARowThatIsRemoved lets an operator end the trouble by removing the row.
func TestARowThatIsRemoved(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s store) {
		bad := s.write(t, "Unwanted")
		b := &memory{fault: refusing("Unwanted")}
		start(t, s, b, options{})
		servicetest.Eventually(t, "the user is parked", func() bool { return status(t, s).ParkedUsers == 1 })
		s.execute(t, "DELETE FROM ums_outbox WHERE id = ?", bad)
		b.accept()
		if n, err := relay.RetryAll(t.Context(), s.db); err != nil || n != 1 {
			t.Errorf("RetryAll = %d, %v", n, err)
		}
		servicetest.Eventually(t, "the user is free", func() bool { return status(t, s).ParkedUsers == 0 })
		id := s.write(t, "Unwanted")
		servicetest.Eventually(t, "the next is published", func() bool { return slices.Contains(b.ids(""), id) })
	})
}

func TestRetryOfWhoIsNotParked(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s store) {
		if parked, err := relay.Retry(t.Context(), s.db, "Nobody"); err != nil || parked {
			t.Errorf("Retry = %v, %v", parked, err)
		}
		if n, err := relay.RetryAll(t.Context(), s.db); err != nil || n != 0 {
			t.Errorf("RetryAll = %d, %v", n, err)
		}
		if got := status(t, s); got.Waiting != 0 || !got.Oldest.IsZero() || got.Leader.Live || len(got.Parked) != 0 {
			t.Errorf("ReadStatus = %+v of an empty outbox", got)
		}
	})
}

// TestLongErrors must fit their column.
func TestLongErrors(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s store) {
		s.write(t, "Unwanted")
		long := errors.New(string(slices.Repeat([]byte("ಕ\xff"), 2000)))
		start(t, s, &memory{fault: func(event.Event) error { return asRefusal(long) }}, options{})
		servicetest.Eventually(t, "the user is parked", func() bool { return status(t, s).ParkedUsers == 1 })
		if n := len([]rune(status(t, s).Parked[0].LastError)); n != 1000 {
			t.Errorf("last_error has %d characters, want 1000", n)
		}
	})
}

// TestStatusOfAnotherDatabase tells what is wrong rather than that nothing waits.
func TestStatusOfAnotherDatabase(t *testing.T) {
	t.Parallel()
	db, err := database.Config{URL: "sqlite://" + t.TempDir() + "/ums.db"}.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if got, err := relay.ReadStatus(t.Context(), db, 1); err == nil {
		t.Errorf("ReadStatus = %+v of a database without tables", got)
	}
}
