package bustest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/glarimy/ums/shared/bus"
	"github.com/glarimy/ums/shared/event"
)

// anotherLanguagesEvent is written by what the server's own tools would send.
func anotherLanguagesEvent(t *testing.T, k Kind) {
	server := k.New(t)
	const id = "6f1c2b9a-3b7e-4c1d-9f27-1f0c3a5b7d11"
	b := server.Open(t, Options{})
	var got Inbox
	Consume(t, b, got.Handle)
	server.Write(t, "KrishnaMohan", `{"name":"KrishnaMohan","phone":9731423166}`,
		bus.Field{Name: "ce_specversion", Value: "1.0"}, bus.Field{Name: "ce_id", Value: id},
		bus.Field{Name: "ce_source", Value: "/ums/add"}, bus.Field{Name: "ce_type", Value: "com.glarimy.ums.user.changed"},
		bus.Field{Name: "ce_subject", Value: "KrishnaMohan"}, bus.Field{Name: "ce_time", Value: "2022-09-12T15:30:00.5+05:30"},
		bus.Field{Name: "ce_sequence", Value: "00000000000000000042"}, bus.Field{Name: "ce_colour", Value: "blue"})
	Eventually(t, "the event arrives", func() bool { return got.Has(id) })
	want := []event.Event{{
		ID: id, Source: "/ums/add", Type: event.TypeChanged, User: "KrishnaMohan",
		Time: time.Date(2022, 9, 12, 10, 0, 0, 500_000_000, time.UTC), Sequence: "00000000000000000042",
		Data: []byte(`{"name":"KrishnaMohan","phone":9731423166}`),
	}}
	if diff := cmp.Diff(want, got.Events()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func malformedEntries(t *testing.T, k Kind) {
	server := k.New(t)
	b := server.Open(t, Options{})
	sound := Publish(t, b, Added("KrishnaMohan", 1))
	var wide []bus.Field // more than a script in Redis unpacks
	for i := range 9000 {
		wide = append(wide, bus.Field{Name: fmt.Sprint("field", i), Value: "x"})
	}
	id := bus.Field{Name: "ce_id", Value: uuid.NewString()}
	server.Write(t, "KrishnaMohan", "9731423166", id)
	server.Write(t, "KrishnaMohan", "1", id, id, bus.Field{Name: "ce_specversion", Value: "1.0"})
	server.Write(t, "KrishnaMohan", "1", append(wide, id)...)
	sound = append(sound, Publish(t, b, Added("KrishnaMohan", 2))...)
	var got Inbox
	Consume(t, b, got.Handle)
	Eventually(t, "the sound events arrive", func() bool { return got.Has(sound...) })
	var letters []bus.DeadLetter
	Eventually(t, "the others are dead letters", func() bool {
		var err error
		if letters, err = b.DeadLetters(t.Context(), "", 10); err != nil {
			t.Fatal(err)
		}
		return len(letters) == 3
	})
	first := letters[0]
	if first.Group != "test" || first.Attempts != 0 || time.Since(first.At).Abs() > Patience ||
		!strings.Contains(first.Reason, "ce_specversion is missing") {
		t.Errorf("the first is %+v", first)
	}
	for _, want := range []bus.Field{id, {Name: "data", Value: "9731423166"}} {
		if !slices.Contains(first.Fields, want) {
			t.Errorf("its fields are %+v, want %+v among them", first.Fields, want)
		}
	}
	again := func(f bus.Field) bool { return f == id }
	if second := letters[1]; !strings.Contains(second.Reason, "more than once") ||
		len(slices.DeleteFunc(slices.Clone(second.Fields), again)) != len(second.Fields)-2 {
		t.Errorf("the second is %+v, want all its fields", second)
	}
	if len(got.Events()) != 2 {
		t.Errorf("the group got %d events, want 2", len(got.Events()))
	}
}

// poisonEvent holds up its user alone, and goes to the dead letters after as many attempts as it may have.
func poisonEvent(t *testing.T, k Kind) {
	server := k.New(t)
	registry := prometheus.NewPedanticRegistry()
	b := server.Open(t, Options{Registry: registry})
	server.Open(t, Options{Registry: registry}) // another bus with the same registry is no trouble
	events := Many(30)
	poison := events[3]
	attempts := 0
	var got Inbox
	var before []int // of its user's events, at each attempt
	others := 0      // at the last attempt
	got.Refuse = func(e event.Event) error {
		if e.ID != poison.ID {
			return nil
		}
		attempts++
		own := 0
		for _, r := range got.received {
			if r.User == poison.User {
				own++
			}
		}
		before, others = append(before, own), len(got.received)-own
		return errors.New("no good")
	}
	ids := Publish(t, b, events...)
	Consume(t, b, got.Handle)
	rest := slices.DeleteFunc(ids, func(id string) bool { return id == poison.ID })
	Eventually(t, "the others arrive", func() bool { return got.Has(rest...) })
	if attempts != 4 { // with the others, and then three times on its own
		t.Errorf("the event was tried %d times, want 4", attempts)
	}
	if diff := cmp.Diff([]int{0, 1, 1, 1}, before); diff != "" {
		t.Errorf("what of its user had arrived at each attempt (-want +got):\n%s", diff)
	}
	if others == 0 {
		t.Error("the events of other users waited for it")
	}
	for _, user := range []string{"KrishnaMohan", "Krishna Rao", "Somebody Else"} {
		if sequences := got.Of(user); !slices.IsSorted(sequences) || len(sequences) < 9 {
			t.Errorf("the events of %s came in the order %q", user, sequences)
		}
	}
	letters, err := b.DeadLetters(t.Context(), "", 10)
	if err != nil || len(letters) != 1 {
		t.Fatalf("the dead letters are %+v, %v", letters, err)
	}
	if l := letters[0]; l.Attempts != 3 || l.Reason != "no good" ||
		!slices.Contains(l.Fields, bus.Field{Name: "ce_id", Value: poison.ID}) {
		t.Errorf("the dead letter is %+v", l)
	}
	wantMetrics(t, registry, map[string]float64{
		"ums_bus_events_handled_total": 29, "ums_bus_events_failed_total": 3, "ums_bus_dead_letters_total": 1,
		"ums_bus_unavailable_total": 0, "ums_bus_events_taken_over_total": 0,
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

// unavailableHandler loses no event and counts none as failed, however often it is called.
func unavailableHandler(t *testing.T, k Kind) {
	b := k.New(t).Open(t, Options{})
	var got Inbox
	got.Refuse = func(event.Event) error { return fmt.Errorf("the cache: %w", bus.ErrUnavailable) }
	ids := Publish(t, b, Many(10)...)
	Consume(t, b, got.Handle)
	Eventually(t, "the handler was called more often than an event may fail", func() bool { return got.Calls() > 4 })
	got.SetRefuse(nil)
	Eventually(t, "all events arrive", func() bool { return got.Has(ids...) })
	if letters, err := b.DeadLetters(t.Context(), "", 10); err != nil || len(letters) > 0 {
		t.Errorf("the dead letters are %+v, %v, want none", letters, err)
	}
	if n := len(got.Events()); n != 10 {
		t.Errorf("the handler did %d events, want each once", n)
	}
	for _, user := range []string{"KrishnaMohan", "Krishna Rao"} {
		if sequences := got.Of(user); !slices.IsSorted(sequences) {
			t.Errorf("the events of %s came in the order %q", user, sequences)
		}
	}
}

func handlerThatPanics(t *testing.T, k Kind) {
	b := k.New(t).Open(t, Options{})
	var got Inbox
	events := Many(5)
	ids := Publish(t, b, events...)
	Consume(t, b, func(ctx context.Context, list []event.Event) error {
		if slices.ContainsFunc(list, func(e event.Event) bool { return e.ID == events[4].ID }) {
			panic("9731423166")
		}
		return got.Handle(ctx, list)
	})
	Eventually(t, "it is a dead letter", func() bool {
		letters, err := b.DeadLetters(t.Context(), "", 10)
		return err == nil && len(letters) == 1 && strings.Contains(letters[0].Reason, "panicked") &&
			!strings.Contains(letters[0].Reason, "9731423166")
	})
	Eventually(t, "the others arrive", func() bool { return got.Has(ids[:4]...) })
}

// retry puts dead letters back for all groups.
func retry(t *testing.T, k Kind) {
	b := k.New(t).Open(t, Options{})
	var got, others Inbox
	got.Refuse = func(event.Event) error { return errors.New("no good") }
	Consume(t, b, got.Handle)
	ConsumeAs(t, b, bus.Subscription{Group: "others"}, others.Handle)
	ids := Publish(t, b, Many(3)...)
	letters := func() []bus.DeadLetter {
		list, err := b.DeadLetters(t.Context(), "", 10)
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	Eventually(t, "all are dead letters", func() bool { return len(letters()) == 3 })
	second, err := b.DeadLetters(t.Context(), letters()[0].ID, 1)
	if err != nil || len(second) != 1 || second[0].ID != letters()[1].ID {
		t.Errorf("behind the first there is %+v, %v, want the second", second, err)
	}
	got.SetRefuse(nil)
	moved, unknown, err := b.Retry(t.Context(), "1-1", letters()[0].ID, "nonsense", letters()[1].ID)
	if err != nil || moved != 2 || !slices.Equal(unknown, []string{"1-1", "nonsense"}) {
		t.Errorf("Retry = %d, %q, %v", moved, unknown, err)
	}
	left := letters()
	if len(left) != 1 {
		t.Errorf("%d dead letters are left, want 1", len(left))
	}
	Eventually(t, "the two arrive", func() bool { return len(got.Events()) == 2 && len(others.Events()) == 5 })
	for _, e := range got.Events() {
		if !slices.Contains(ids, e.ID) || string(e.Data) != fmt.Sprintf(`{"name": %q}`, e.User) {
			t.Errorf("%+v is not what was published", e)
		}
	}
	if moved, unknown, err := b.Retry(t.Context(), left[0].ID); moved != 1 || unknown != nil || err != nil {
		t.Errorf("Retry of the last = %d, %q, %v", moved, unknown, err)
	}
	if left := letters(); len(left) != 0 {
		t.Errorf("%+v is left", left)
	}
	if _, err := b.DeadLetters(t.Context(), "(-", 1); err == nil {
		t.Error("a wrong ID is taken for one")
	}
}

func withoutAGroup(t *testing.T, k Kind) {
	if err := k.New(t).Open(t, Options{}).Consume(t.Context(), bus.Subscription{}, (&Inbox{}).Handle); err == nil {
		t.Error("Consume takes it")
	}
}

// lateGroup begins with the oldest event, though another has done it.
func lateGroup(t *testing.T, k Kind) {
	b := k.New(t).Open(t, Options{TakeoverAfter: k.TakeoverAfter})
	var got, newcomer Inbox
	Consume(t, b, got.Handle)
	ids := Publish(t, b, Many(500)...)
	Eventually(t, "the group is done", func() bool { return got.Has(ids...) })
	ConsumeAs(t, b, bus.Subscription{Group: "newcomer"}, newcomer.Handle)
	Eventually(t, "a new group gets them all", func() bool { return newcomer.Has(ids...) })
}
