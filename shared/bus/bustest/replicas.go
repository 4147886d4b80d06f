package bustest

import (
	"context"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/glarimy/ums/shared/bus"
	"github.com/glarimy/ums/shared/event"
)

// threeReplicas share the work of a group; one is cut off in the middle of a batch.
func threeReplicas(t *testing.T, k Kind) {
	server := k.New(t)
	subscription := bus.Subscription{Group: "test", Batch: 5}
	soon := Options{TakeoverAfter: k.TakeoverAfter}
	boxes := make([]Inbox, 3)
	gate := make(chan struct{})
	held := make(chan struct{}, 1)
	first, cut := server.OpenThrough(t, soon)
	publisher := server.Open(t, Options{})
	events := OfUsers(300)
	ids := Publish(t, publisher, events[:150]...)
	ConsumeAs(t, first, subscription, func(ctx context.Context, _ []event.Event) error {
		held <- struct{}{}
		select {
		case <-gate:
		case <-ctx.Done():
		}
		return ctx.Err()
	})
	<-held // the first has a batch
	for i := 1; i < len(boxes); i++ {
		ConsumeAs(t, server.Open(t, soon), subscription, boxes[i].Handle)
	}
	cut()
	ids = append(ids, Publish(t, publisher, events[150:]...)...)
	Eventually(t, "all events arrive", func() bool {
		all := Inbox{received: append(boxes[1].Events(), boxes[2].Events()...)}
		return all.Has(ids...)
	})
	close(gate)
	if len(boxes[1].Events()) == 0 || len(boxes[2].Events()) == 0 {
		t.Error("one of the others did nothing")
	}
	// A member that the machine holds up for longer than TakeoverAfter has its entries done again; it is never all of them.
	if n := len(boxes[1].Events()) + len(boxes[2].Events()); n >= 2*300 {
		t.Errorf("the others did %d events: each did all, and they share nothing", n)
	}
	Eventually(t, "nothing is left to do", func() bool { return server.Undone(t, "test") == 0 })
}

// OfUsers are events of as many users.
func OfUsers(n int) []event.Event {
	events := make([]event.Event, n)
	for i := range events {
		events[i] = Added("User "+event.Sequence(uint64(i))[10:], uint64(i+1))
	}
	return events
}

// memberThatWorksLong keeps its entries for longer than it may be silent.
func memberThatWorksLong(t *testing.T, k Kind) {
	server := k.New(t)
	soon := Options{TakeoverAfter: 5 * time.Second} // not k's: a machine that stands still for so long makes anybody silent
	started, finish := make(chan struct{}, 10), make(chan struct{})
	events := []event.Event{Added("KrishnaMohan", 1), Added("KrishnaMohan", 2), Added("KrishnaMohan", 3)}
	ids := Publish(t, server.Open(t, Options{}), events...)
	var slow, idle Inbox
	stop := Consume(t, server.Open(t, soon), func(ctx context.Context, events []event.Event) error {
		started <- struct{}{}
		<-finish
		return slow.Handle(ctx, events)
	})
	<-started
	Consume(t, server.Open(t, soon), idle.Handle)
	<-time.After(soon.TakeoverAfter * 3 / 2) // others look for what is left more often than that
	close(finish)
	Eventually(t, "the events are done", func() bool { return slow.Has(ids...) })
	if n := len(idle.Events()); n != 0 {
		t.Errorf("another took %d events of a member that lives", n)
	}
	stop()
	if n := len(slow.Events()); n != 3 {
		t.Errorf("the events came %d times, want 3", n)
	}
	later := Publish(t, server.Open(t, Options{}), Added("KrishnaMohan", 4)) // behind which nothing is left to come
	Eventually(t, "the other has what comes later", func() bool { return idle.Has(later...) })
	if n := len(idle.Events()); n != 1 {
		t.Errorf("another did %d events that were done", n-1)
	}
}

// memberThatCannotWork leaves its events to those that can.
func memberThatCannotWork(t *testing.T, k Kind) {
	server := k.New(t)
	b := server.Open(t, Options{})
	ids := Publish(t, b, Many(20)...)
	var sick, sound Inbox
	sick.Refuse = func(event.Event) error { return bus.ErrUnavailable }
	Consume(t, b, sick.Handle)
	Eventually(t, "one has tried", func() bool { return sick.Calls() > 0 })
	Consume(t, b, sound.Handle)
	Eventually(t, "the other has them", func() bool { return sound.Has(ids...) })
}

// memberThatStops leaves at once, and leaves nothing behind.
func memberThatStops(t *testing.T, k Kind) {
	server := k.New(t)
	b := server.Open(t, Options{TakeoverAfter: time.Minute}) // longer than the test waits
	ids := Publish(t, b, Many(3)...)
	var got Inbox
	started := make(chan struct{}, 10)
	stop := Consume(t, b, func(ctx context.Context, _ []event.Event) error {
		started <- struct{}{}
		<-ctx.Done()
		return ctx.Err()
	})
	<-started
	stop()
	Consume(t, b, got.Handle)
	Eventually(t, "the events come to the next member", func() bool { return got.Has(ids...) })
	stopped := Consume(t, b, got.Handle)
	stopped()
	if n := server.Members(t, "test"); n > 2 { // the one that had events may still have its name there
		t.Errorf("there are %d consumers", n)
	}
}

// stoppedMember leaves no figures behind that nobody tells anew.
func stoppedMember(t *testing.T, k Kind) {
	registry := prometheus.NewPedanticRegistry()
	b := k.New(t).Open(t, Options{TakeoverAfter: k.TakeoverAfter, Registry: registry})
	Publish(t, b, Many(3)...)
	stop := Consume(t, b, func(ctx context.Context, _ []event.Event) error {
		<-ctx.Done()
		return ctx.Err()
	})
	figures := []string{"ums_bus_pending_events", "ums_bus_lag_seconds"}
	for _, name := range figures {
		Eventually(t, name+" tells of what waits", func() bool { return Gauge(t, registry, name, "test") > 0 })
	}
	stop()
	for _, name := range figures {
		if told := Gauge(t, registry, name, "test"); told != 0 {
			t.Errorf("%s stays %v, want 0", name, told)
		}
	}
}

// restartedMembers come and go one after the other, as the processes of a rolling update do; every event is done.
func restartedMembers(t *testing.T, k Kind) {
	server := k.New(t)
	b := server.Open(t, Options{})
	var got Inbox
	var ids []string
	for range 4 {
		stop := Consume(t, b, got.Handle)
		ids = append(ids, Publish(t, b, Many(20)...)...)
		Eventually(t, "some events arrive", func() bool { return got.Has(ids[len(ids)-1]) })
		stop()
	}
	Consume(t, b, got.Handle)
	Eventually(t, "all events arrive", func() bool { return got.Has(ids...) })
	for _, user := range []string{"KrishnaMohan", "Krishna Rao", "Somebody Else"} {
		if n := len(got.Of(user)); n < 24 {
			t.Errorf("%s has %d events, want 24 at least", user, n)
		}
	}
}
