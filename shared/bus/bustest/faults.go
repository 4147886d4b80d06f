package bustest

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/glarimy/ums/shared/bus"
	"github.com/glarimy/ums/shared/event"
)

// eventsAreLost in every way in which they can be; what is published afterwards arrives.
func eventsAreLost(t *testing.T, k Kind) {
	server := k.New(t)
	var logs Logbook
	b := server.Open(t, Options{Logger: logs.Logger()})
	var got Inbox
	Consume(t, b, got.Handle)
	for what, lose := range server.Losses() {
		before := Publish(t, b, Many(3)...)
		Eventually(t, "events arrive before "+what, func() bool { return got.Has(before...) })
		lose(t)
		after := Publish(t, b, Many(3)...)
		Eventually(t, "events arrive after "+what, func() bool { return got.Has(after...) })
	}
	if logs.Count("has lost the group") == 0 {
		t.Error("the log does not tell of it")
	}
}

// lostInTheMiddle of a batch: what was received is done, and what comes arrives.
func lostInTheMiddle(t *testing.T, k Kind) {
	for what := range k.New(t).Losses() {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			server := k.New(t)
			b := server.Open(t, Options{})
			var got Inbox
			started, finish := make(chan struct{}, 10), make(chan struct{})
			Consume(t, b, func(ctx context.Context, events []event.Event) error {
				started <- struct{}{}
				<-finish
				return got.Handle(ctx, events)
			})
			before := Publish(t, b, Added("KrishnaMohan", 1), Added("KrishnaMohan", 2))
			<-started
			server.Losses()[what](t)
			after := Publish(t, b, Many(5)...)
			close(finish)
			Eventually(t, "all events arrive", func() bool { return got.Has(before...) && got.Has(after...) })
		})
	}
}

// serverIsAway for a while.
func serverIsAway(t *testing.T, k Kind) {
	server := k.NewOutage(t)
	var logs Logbook
	b := server.Open(t, Options{Logger: logs.Logger()})
	var got Inbox
	Consume(t, b, got.Handle)
	before := Publish(t, b, Many(3)...)
	Eventually(t, "events arrive before", func() bool { return got.Has(before...) })
	server.Stop(t)
	Eventually(t, "the log tells that events wait", func() bool { return logs.Count("events wait on the bus") == 1 })
	server.Start(t)
	after := Publish(t, b, Many(3)...)
	Eventually(t, "events arrive afterwards", func() bool { return got.Has(after...) })
	Eventually(t, "the log tells that it is over", func() bool { return logs.Count("consumed again") > 0 })
}

// publishingWhileAway must not look like a refusal: nobody's event is at fault.
func publishingWhileAway(t *testing.T, k Kind) {
	if k.OneOutage {
		t.Skip("a server takes long to start; TheServerIsAway has an outage")
	}
	server := k.NewOutage(t)
	b := server.Open(t, Options{})
	wantTrouble := func(ctx context.Context, when string) {
		t.Helper()
		results := b.Publish(ctx, []event.Event{Added("KrishnaMohan", 1), Added("AnotherUser", 2)})
		if len(results) != 2 {
			t.Fatalf("%s: Publish = %v, want two results", when, results)
		}
		for _, err := range results {
			if _, refused := errors.AsType[*bus.RefusedError](err); err == nil || refused {
				t.Errorf("%s: got %v, want trouble that is not the event's", when, err)
			}
		}
	}
	server.Stop(t)
	wantTrouble(t.Context(), "stopped before anything was sent")
	server.Start(t)
	Publish(t, b, Added("KrishnaMohan", 1))
	server.Stop(t)
	wantTrouble(t.Context(), "stopped")
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	wantTrouble(ended, "with a context that has ended")
	server.Start(t)
	Publish(t, b, Added("KrishnaMohan", 3))
}

// refusedEvent holds back its user alone.
func refusedEvent(t *testing.T, k Kind) {
	b := k.New(t).Open(t, Options{})
	bad := Added("KrishnaMohan", 2)
	bad.Data = []byte(`{"phone":`)
	sent := []event.Event{Added("KrishnaMohan", 1), bad, Added("AnotherUser", 3), Added("KrishnaMohan", 4)}
	results := b.Publish(t.Context(), sent)
	if len(results) != 4 || results[0] != nil || results[2] != nil {
		t.Fatalf("Publish = %v, want the first and the third to be sent", results)
	}
	refused, ok := errors.AsType[*bus.RefusedError](results[1])
	if malformed, isIt := errors.AsType[*event.MalformedError](results[1]); !ok || !isIt || malformed.Attribute != "data" {
		t.Errorf("the second = %v, want a RefusedError for its data", results[1])
	} else if strings.Contains(refused.Error(), "phone") {
		t.Errorf("the error holds the data: %v", refused)
	}
	if !errors.Is(results[3], bus.ErrHeldBack) {
		t.Errorf("the fourth = %v, want ErrHeldBack", results[3])
	}
	var got Inbox
	Consume(t, b, got.Handle)
	Eventually(t, "the two that were sent arrive", func() bool { return got.Has(sent[0].ID, sent[2].ID) })
	if n := len(got.Events()); n != 2 {
		t.Errorf("%d events arrived, want 2", n)
	}
}

func nothingSound(t *testing.T, k Kind) {
	b := k.New(t).Open(t, Options{})
	results := b.Publish(t.Context(), []event.Event{{}})
	if len(results) != 1 {
		t.Fatalf("Publish = %v, want one result", results)
	}
	if _, ok := errors.AsType[*bus.RefusedError](results[0]); !ok {
		t.Errorf("Publish = %v, want a RefusedError", results)
	}
	if results := b.Publish(t.Context(), nil); results != nil {
		t.Errorf("Publish of nothing = %v", results)
	}
}
