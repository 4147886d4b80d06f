package work_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"testing"

	"github.com/glarimy/ums/shared/bus"
	"github.com/glarimy/ums/shared/bus/bustest"
	"github.com/glarimy/ums/shared/bus/internal/busmetrics"
	"github.com/glarimy/ums/shared/bus/internal/work"
	"github.com/glarimy/ums/shared/event"
)

// cemetery notes what is buried, by key, with the number of attempts.
type cemetery map[int]int

func (c cemetery) bury(_ context.Context, key, attempts int, _ string) (bool, error) {
	c[key] = attempts
	return true, nil
}

func desk(t *testing.T, buried cemetery, handle bus.Handler) *work.Desk[int] {
	t.Helper()
	metrics, err := busmetrics.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &work.Desk[int]{
		Subscription: bus.Subscription{Group: "test", Batch: 10, Attempts: 2},
		Handle:       handle, Metrics: metrics.Of("test"), Logger: slog.New(slog.DiscardHandler),
		Done: func(...int) {}, Bury: buried.bury, GiveBack: func(context.Context) {},
	}
}

// TestAttemptsAreRemembered until the event comes again, however often the desk is cleared in between.
func TestAttemptsAreRemembered(t *testing.T) {
	t.Parallel()
	for _, clears := range []int{1, 2} {
		buried := cemetery{}
		d := desk(t, buried, func(context.Context, []event.Event) error { return errors.New("no") })
		for range 2 {
			d.Add(1, bustest.Added("KrishnaMohan", 1))
			if err := d.Work(t.Context()); err != nil {
				t.Fatal(err)
			}
			for range clears {
				d.Clear()
			}
		}
		if buried[1] != 2 {
			t.Errorf("cleared %d times: buried after %d attempts, want 2", clears, buried[1])
		}
	}
}

// TestAnInterruptedDesk finishes the call that it is in, and makes no other.
func TestAnInterruptedDesk(t *testing.T) {
	t.Parallel()
	wanted := false
	var calls []int
	d := desk(t, cemetery{}, func(_ context.Context, events []event.Event) error {
		calls = append(calls, len(events))
		wanted = len(events) == 1
		return errors.New("no")
	})
	d.Yields = func() bool { return wanted }
	for i, name := range []string{"KrishnaMohan", "Krishna Rao", "Somebody Else"} {
		d.Add(i, bustest.Added(name, uint64(i+1)))
	}
	if err := d.Work(t.Context()); err != nil || !slices.Equal(calls, []int{3, 1}) {
		t.Errorf("Work = %v with calls of %v events, want all and then one", err, calls)
	}
}
