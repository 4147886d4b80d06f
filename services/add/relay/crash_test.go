package relay_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/glarimy/ums/services/add/relay"
	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/event"
	"github.com/glarimy/ums/shared/servicetest"
)

// TestCrashesBetweenPublishingAndMarking has a thousand relays die at the worst moment, each on a database connection of
// its own that is cut right after the bus took what it was given: as in a crash, nothing is marked and the lease is
// neither renewed nor given up; the test makes it end. What remains must hold every event, repeated ones under the same id.
func TestCrashesBetweenPublishingAndMarking(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s store) {
		count, crashes := 20, 50
		if testing.Short() {
			count, crashes = 2, 10
		}
		lanes := make([]lane, count) // databases, as most of the time is spent waiting for a disk
		for i := range lanes {
			lanes[i] = lane{store: s.another(t), bus: &memory{}}
		}
		var all sync.WaitGroup
		for i := range lanes {
			all.Go(func() {
				for crash := range crashes {
					if err := lanes[i].crash(t.Context()); err != nil {
						t.Errorf("crash %d: %v", crash, err)
						return
					}
				}
			})
		}
		all.Wait()
		var again int
		for i := range lanes {
			again += lanes[i].finish(t)
		}
		t.Logf("%d crashes on %s: no event lost, %d published more than once", count*crashes, s.db.Dialect, again)
		if again < count*crashes {
			t.Errorf("%d events were published more than once: not every crash was between publishing and marking", again)
		}
	})
}

// lane is one database whose relays crash one after the other.
type lane struct {
	store
	bus     *memory
	written []string
}

// crash writes an event and lets a relay publish it and die.
func (l *lane) crash(ctx context.Context) error {
	var id string
	err := l.db.InTx(ctx, func(tx *sql.Tx) (err error) {
		if _, err = tx.ExecContext(ctx, l.endOfLease()); err != nil {
			return err
		}
		id, err = l.insert(ctx, tx, fmt.Sprintf("User %d", len(l.written)%5))
		return err
	})
	if err != nil {
		return err
	}
	l.written = append(l.written, id)
	db, err := database.Config{URL: l.url}.Open()
	if err != nil {
		return err
	}
	ctx, stop := context.WithTimeout(ctx, servicetest.Patience)
	defer stop()
	cut := sync.OnceFunc(func() {
		_ = db.Close()
		stop()
	})
	r, err := relay.New(relay.Config{LeaseTime: longLease}, relay.Dependencies{
		DB: db, Logger: slog.New(slog.DiscardHandler), Registry: prometheus.NewRegistry(), Now: time.Now,
		Bus: busFunc(func(ctx context.Context, events []event.Event) []error {
			defer cut()
			return l.bus.Publish(ctx, events)
		}),
	})
	if err != nil {
		return err
	}
	if err := r.Run(ctx); !errors.Is(err, context.Canceled) {
		return fmt.Errorf("the relay did not take over from the one before it: %w", err)
	}
	return nil
}

// finish lets a relay live, compares the bus with the outbox, and returns how many events are there more than once.
func (l *lane) finish(t *testing.T) (again int) {
	t.Helper()
	l.execute(t, l.endOfLease())
	r := start(t, l.store, l.bus, options{})
	servicetest.Eventually(t, "all are published", func() bool { return l.unpublished(t) == 0 })
	r.stop()
	return compare(t, l.written, l.bus.events)
}

// compare fails t unless what is on the bus is what was written: every event, in each user's order once repeated ones
// are left out, and repeated ones the same. It returns how many were there more than once.
func compare(t *testing.T, written []string, onBus []event.Event) (again int) {
	t.Helper()
	first := map[string]event.Event{}
	last := map[string]string{} // sequence by user
	for _, e := range onBus {
		if before, ok := first[e.ID]; ok {
			again++
			if before.Sequence != e.Sequence || !bytes.Equal(before.Data, e.Data) {
				t.Errorf("event %s came back as another", e.ID)
			}
			continue
		}
		first[e.ID] = e
		if e.Sequence <= last[e.User] {
			t.Errorf("the event %s of %s came after %s", e.Sequence, e.User, last[e.User])
		}
		last[e.User] = e.Sequence
	}
	for _, id := range written {
		if _, ok := first[id]; !ok {
			t.Errorf("event %s is lost", id)
		}
	}
	if len(first) != len(written) {
		t.Errorf("%d events are on the bus, %d were written", len(first), len(written))
	}
	return again
}

// TestOrderWhenTheBusFails lets calls fail at random, some of them after the bus took what it was given.
func TestOrderWhenTheBusFails(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s store) {
		b := &memory{}
		var call atomic.Int32
		r := start(t, s, busFunc(func(ctx context.Context, events []event.Event) []error {
			away := slices.Repeat([]error{errAway}, len(events))
			switch call.Add(1) % 10 {
			case 1:
				return away
			case 3:
				b.Publish(ctx, events)
				return away
			}
			return b.Publish(ctx, events)
		}), options{})
		var written []string
		for range 40 {
			written = append(written, s.writeAll(t, many("User", 7)...)...)
			before := call.Load()
			servicetest.Eventually(t, "the bus was called", func() bool { return call.Load() > before || s.unpublished(t) == 0 })
		}
		servicetest.Eventually(t, "all are published", func() bool { return s.unpublished(t) == 0 })
		compare(t, written, b.events)
		if r.metric(t, "ums_relay_failures_total") == 0 {
			t.Error("the bus never failed")
		}
	})
}
