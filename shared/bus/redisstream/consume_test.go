package redisstream_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/glarimy/ums/shared/bus"
	"github.com/glarimy/ums/shared/bus/redisstream"
	"github.com/glarimy/ums/shared/event"
)

// TestAnotherLanguagesEvent is written by the command that redis-cli would send.
func TestAnotherLanguagesEvent(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, url string) {
		const id = "6f1c2b9a-3b7e-4c1d-9f27-1f0c3a5b7d11"
		err := client(t, url).Do(t.Context(), "XADD", "ums:user:events", "*",
			"ce_specversion", "1.0", "ce_id", id, "ce_source", "/ums/add", "ce_type", "com.glarimy.ums.user.changed",
			"ce_subject", "KrishnaMohan", "ce_time", "2022-09-12T15:30:00.5+05:30", "ce_sequence", "00000000000000000042",
			"ce_colour", "blue", "data", `{"name":"KrishnaMohan","phone":9731423166}`).Err()
		if err != nil {
			t.Fatal(err)
		}
		var got inbox
		consume(t, open(t, url, redisstream.Options{}), got.handle)
		eventually(t, "the event arrives", func() bool { return got.has(id) })
		want := []event.Event{{
			ID: id, Source: "/ums/add", Type: event.TypeChanged, User: "KrishnaMohan",
			Time: time.Date(2022, 9, 12, 10, 0, 0, 500_000_000, time.UTC), Sequence: "00000000000000000042",
			Data: []byte(`{"name":"KrishnaMohan","phone":9731423166}`),
		}}
		if diff := cmp.Diff(want, got.events()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestMalformedEntriesGoToTheDeadLetters(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, url string) {
		b := open(t, url, redisstream.Options{})
		sound := publish(t, b, added("KrishnaMohan", 1))
		var wide []any // more than Lua unpacks
		for i := range 9000 {
			wide = append(wide, fmt.Sprint("field", i), "x")
		}
		xadd(t, url, "payload", "9731423166")
		xadd(t, url, "data", "1", "data", "2", "ce_specversion", "1.0")
		xadd(t, url, wide...)
		sound = append(sound, publish(t, b, added("KrishnaMohan", 2))...)
		var got inbox
		consume(t, b, got.handle)
		eventually(t, "the sound events arrive", func() bool { return got.has(sound...) })
		letters, err := b.DeadLetters(t.Context(), "", 10)
		if err != nil || len(letters) != 3 {
			t.Fatalf("there are %d dead letters, %v, want 3", len(letters), err)
		}
		first := letters[0]
		if first.Group != "test" || first.Attempts != 0 || time.Since(first.At).Abs() > patience ||
			!strings.Contains(first.Reason, "ce_specversion is missing") {
			t.Errorf("the first is %+v", first)
		}
		want := []bus.Field{{Name: "payload", Value: "9731423166"}}
		if diff := cmp.Diff(want, first.Fields[1:]); diff != "" {
			t.Errorf("its fields (-want +got):\n%s", diff)
		}
		if second := letters[1]; len(second.Fields) != 4 || !strings.Contains(second.Reason, "more than once") {
			t.Errorf("the second is %+v, want all its fields", second)
		}
		if len(got.events()) != 2 {
			t.Errorf("the group got %d events, want 2", len(got.events()))
		}
	})
}

// TestAPoisonEvent holds up its user alone, and goes to the dead letters after as many attempts as it may have.
func TestAPoisonEvent(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, url string) {
		registry := prometheus.NewPedanticRegistry()
		b := open(t, url, redisstream.Options{Registry: registry})
		open(t, url, redisstream.Options{Registry: registry}) // another bus with the same registry is no trouble
		events := many(30)
		poison := events[3]
		attempts := 0
		var got inbox
		var seen []string // of the others at each attempt
		got.refuse = func(e event.Event) error {
			if e.ID != poison.ID {
				return nil
			}
			attempts++
			seen = append(seen, fmt.Sprint(len(got.received)))
			return errors.New("no good")
		}
		ids := publish(t, b, events...)
		consume(t, b, got.handle)
		others := slices.DeleteFunc(ids, func(id string) bool { return id == poison.ID })
		eventually(t, "the others arrive", func() bool { return got.has(others...) })
		if attempts != 4 { // with the others, and then three times on its own
			t.Errorf("the event was tried %d times, want 4", attempts)
		}
		if diff := cmp.Diff([]string{"0", "3", "21", "21"}, seen); diff != "" {
			t.Errorf("what had arrived at each attempt (-want +got):\n%s", diff)
		}
		for _, user := range []string{"KrishnaMohan", "Krishna Rao", "Somebody Else"} {
			if sequences := got.of(user); !slices.IsSorted(sequences) || len(sequences) < 9 {
				t.Errorf("the events of %s came in the order %q", user, sequences)
			}
		}
		letters, err := b.DeadLetters(t.Context(), "", 10)
		if err != nil || len(letters) != 1 {
			t.Fatalf("the dead letters are %+v, %v", letters, err)
		}
		if l := letters[0]; l.Attempts != 3 || l.Reason != "no good" || !slices.Contains(l.Fields, bus.Field{Name: "ce_id", Value: poison.ID}) {
			t.Errorf("the dead letter is %+v", l)
		}
		wantMetrics(t, registry, map[string]float64{
			"ums_bus_events_handled_total": 29, "ums_bus_events_failed_total": 3, "ums_bus_dead_letters_total": 1,
			"ums_bus_unavailable_total": 0, "ums_bus_events_taken_over_total": 0,
		})
	})
}

func wantMetrics(t *testing.T, registry *prometheus.Registry, want map[string]float64) {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		if value, ok := want[family.GetName()]; ok {
			if got := family.GetMetric()[0].GetCounter().GetValue(); got != value {
				t.Errorf("%s is %v, want %v", family.GetName(), got, value)
			}
			delete(want, family.GetName())
		}
	}
	for name := range want {
		t.Errorf("there is no metric %s", name)
	}
	if problems, err := testutil.GatherAndLint(registry); err != nil || len(problems) > 0 {
		t.Errorf("the metrics: %v, %v", problems, err)
	}
}

// TestAnUnavailableHandler loses no event and counts none as failed, however often it is called.
func TestAnUnavailableHandler(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, url string) {
		b := open(t, url, redisstream.Options{})
		var got inbox
		got.refuse = func(event.Event) error { return fmt.Errorf("the cache: %w", bus.ErrUnavailable) }
		ids := publish(t, b, many(10)...)
		consume(t, b, got.handle)
		eventually(t, "the handler was called more often than an event may fail", func() bool { return got.numberOfCalls() > 4 })
		got.setRefuse(nil)
		eventually(t, "all events arrive", func() bool { return got.has(ids...) })
		if letters, err := b.DeadLetters(t.Context(), "", 10); err != nil || len(letters) > 0 {
			t.Errorf("the dead letters are %+v, %v, want none", letters, err)
		}
		if n := len(got.events()); n != 10 {
			t.Errorf("the handler did %d events, want each once", n)
		}
		for _, user := range []string{"KrishnaMohan", "Krishna Rao"} {
			if sequences := got.of(user); !slices.IsSorted(sequences) {
				t.Errorf("the events of %s came in the order %q", user, sequences)
			}
		}
	})
}

func TestAHandlerThatPanics(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, url string) {
		b := open(t, url, redisstream.Options{})
		var got inbox
		events := many(5)
		ids := publish(t, b, events...)
		consume(t, b, func(ctx context.Context, list []event.Event) error {
			if slices.ContainsFunc(list, func(e event.Event) bool { return e.ID == events[4].ID }) {
				panic("9731423166")
			}
			return got.handle(ctx, list)
		})
		eventually(t, "it is a dead letter", func() bool {
			letters, err := b.DeadLetters(t.Context(), "", 10)
			return err == nil && len(letters) == 1 && strings.Contains(letters[0].Reason, "panicked") &&
				!strings.Contains(letters[0].Reason, "9731423166")
		})
		if !got.has(ids[:4]...) {
			t.Errorf("the others are %v", got.events())
		}
	})
}

// TestRetry puts dead letters back for all groups.
func TestRetry(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, url string) {
		b := open(t, url, redisstream.Options{})
		var got, others inbox
		got.refuse = func(event.Event) error { return errors.New("no good") }
		consume(t, b, got.handle)
		consumeAs(t, b, bus.Subscription{Group: "others"}, others.handle)
		ids := publish(t, b, many(3)...)
		letters := func() []bus.DeadLetter {
			list, err := b.DeadLetters(t.Context(), "", 10)
			if err != nil {
				t.Fatal(err)
			}
			return list
		}
		eventually(t, "all are dead letters", func() bool { return len(letters()) == 3 })
		second, err := b.DeadLetters(t.Context(), letters()[0].ID, 1)
		if err != nil || len(second) != 1 || second[0].ID != letters()[1].ID {
			t.Errorf("behind the first there is %+v, %v, want the second", second, err)
		}
		got.setRefuse(nil)
		moved, unknown, err := b.Retry(t.Context(), "1-1", letters()[0].ID, "nonsense", letters()[1].ID)
		if err != nil || moved != 2 || !slices.Equal(unknown, []string{"1-1", "nonsense"}) {
			t.Errorf("Retry = %d, %q, %v", moved, unknown, err)
		}
		if n := len(letters()); n != 1 {
			t.Errorf("%d dead letters are left, want 1", n)
		}
		eventually(t, "the two arrive", func() bool { return len(got.events()) == 2 && len(others.events()) == 5 })
		for _, e := range got.events() {
			if !slices.Contains(ids, e.ID) || string(e.Data) != fmt.Sprintf(`{"name": %q}`, e.User) {
				t.Errorf("%+v is not what was published", e)
			}
		}
		if _, err := b.DeadLetters(t.Context(), "(-", 1); err == nil {
			t.Error("a wrong ID is taken for one")
		}
	})
}

func TestASubscriptionWithoutAGroup(t *testing.T) {
	t.Parallel()
	b := open(t, "redis://127.0.0.1:1", redisstream.Options{})
	if err := b.Consume(t.Context(), bus.Subscription{}, (&inbox{}).handle); err == nil {
		t.Error("Consume takes it")
	}
}
