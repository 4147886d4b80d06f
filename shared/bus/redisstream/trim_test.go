package redisstream_test

import (
	"context"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/glarimy/ums/shared/bus"
	"github.com/glarimy/ums/shared/bus/bustest"
	"github.com/glarimy/ums/shared/bus/redisstream"
	"github.com/glarimy/ums/shared/event"
)

// TestTrimming removes what all groups have done, and nothing that one has not.
func TestTrimming(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, url string) {
		registry := prometheus.NewPedanticRegistry()
		o := redisstream.Options{Registry: registry, Retention: time.Millisecond, TakeoverAfter: 100 * time.Millisecond}
		b, c := open(t, url, o), client(t, url)
		if err := c.XGroupCreateMkStream(t.Context(), redisstream.Stream, "late", "0").Err(); err != nil {
			t.Fatal(err)
		}
		var got, late bustest.Inbox
		bustest.Consume(t, b, got.Handle)
		ids := bustest.Publish(t, b, bustest.Many(1000)...)
		bustest.Eventually(t, "the first group is done", func() bool { return got.Has(ids...) })
		<-time.After(5 * o.TakeoverAfter)
		if n := c.XLen(t.Context(), redisstream.Stream).Val(); n != 1000 {
			t.Fatalf("%d entries are left, want 1000: a group has seen none of them", n)
		}

		// The late group receives a batch and does not finish it.
		hold := make(chan struct{})
		bustest.ConsumeAs(t, b, bus.Subscription{Group: "late"}, func(ctx context.Context, events []event.Event) error {
			select {
			case <-hold:
			case <-ctx.Done():
			}
			return late.Handle(ctx, events)
		})
		bustest.Eventually(t, "the late group has a batch in hand", func() bool {
			pending, err := c.XPending(t.Context(), redisstream.Stream, "late").Result()
			return err == nil && pending.Count > 0
		})
		<-time.After(5 * o.TakeoverAfter)
		if n := c.XLen(t.Context(), redisstream.Stream).Val(); n != 1000 {
			t.Errorf("%d entries are left, want 1000: a group is not done with the first of them", n)
		}
		bustest.Eventually(t, "the late group's lag is the age of its first event", func() bool {
			return bustest.Gauge(t, registry, "ums_bus_lag_seconds", "late") > 0
		})
		close(hold)
		bustest.Eventually(t, "the late group is done", func() bool { return late.Has(ids...) })
		bustest.Eventually(t, "the stream is trimmed", func() bool { return c.XLen(t.Context(), redisstream.Stream).Val() < 200 })
		bustest.Eventually(t, "the late group has no lag", func() bool {
			return bustest.Gauge(t, registry, "ums_bus_lag_seconds", "late") == 0 && bustest.Gauge(t, registry, "ums_bus_pending_events", "late") == 0
		})
	})
}

// TestMaxLength bounds the stream where nobody consumes.
func TestMaxLength(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, url string) {
		b := open(t, url, redisstream.Options{MaxLength: 200})
		bustest.Publish(t, b, bustest.Many(1000)...)
		if n := client(t, url).XLen(t.Context(), redisstream.Stream).Val(); n > 400 {
			t.Errorf("the stream has %d entries, want about 200", n)
		}
	})
}
