package redisstream_test

import (
	"context"
	"errors"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/glarimy/ums/shared/bus"
	"github.com/glarimy/ums/shared/bus/bustest"
	"github.com/glarimy/ums/shared/bus/redisstream"
	"github.com/glarimy/ums/shared/enginetest"
	"github.com/glarimy/ums/shared/event"
)

// TestEntries reads the stream as another language's program does.
func TestEntries(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, url string) {
		first, second := bustest.Added("KrishnaMohan", 1), bustest.Added("ಕೃಷ್ಣಮೋಹನ", 2)
		second.Actor, second.Data = "someone", []byte("{ \"phone\" :9731423166}\n")
		if results := open(t, url, redisstream.Options{}).Publish(t.Context(), []event.Event{first, second}); results != nil {
			t.Fatalf("Publish = %v", results)
		}
		entries, err := client(t, url).XRange(t.Context(), "ums:user:events", "-", "+").Result()
		if err != nil || len(entries) != 2 {
			t.Fatalf("there are %d entries, %v, want 2", len(entries), err)
		}
		want := map[string]any{
			"ce_specversion": "1.0", "ce_id": second.ID, "ce_source": "/ums/add", "ce_type": "com.glarimy.ums.user.added",
			"ce_subject": "ಕೃಷ್ಣಮೋಹನ", "ce_time": "2022-09-12T10:00:00.000000Z", "ce_sequence": "00000000000000000002",
			"ce_actor": "someone", "data": "{ \"phone\" :9731423166}\n",
		}
		if diff := cmp.Diff(want, entries[1].Values); diff != "" {
			t.Errorf("the second entry differs (-want +got):\n%s", diff)
		}
		if got := entries[0].Values["ce_id"]; got != first.ID {
			t.Errorf("the first entry is %v, want %s", got, first.ID)
		}
	})
}

// TestAServerThatIsAway must not look like a refusal: nobody's event is at fault.
func TestAServerThatIsAway(t *testing.T) {
	t.Parallel()
	server := enginetest.Redis(t)
	b := open(t, server.URL, redisstream.Options{})
	wantTrouble := func(when string, ctx context.Context) {
		t.Helper()
		results := b.Publish(ctx, []event.Event{bustest.Added("KrishnaMohan", 1), bustest.Added("AnotherUser", 2)})
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
	wantTrouble("stopped", t.Context())
	server.Start(t)
	if results := b.Publish(t.Context(), []event.Event{bustest.Added("KrishnaMohan", 1)}); results != nil {
		t.Errorf("after its start: Publish = %v", results)
	}
	server.Pause(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	wantTrouble("hanging, with a context that has ended", ctx)
	server.Resume(t)
}

// TestAServerOutOfMemory refuses whole batches; the events are not at fault.
func TestAServerOutOfMemory(t *testing.T) {
	t.Parallel()
	server := miniredis.RunT(t)
	b := open(t, "redis://"+server.Addr(), redisstream.Options{})
	server.SetError("OOM command not allowed when used memory > 'maxmemory'.")
	results := b.Publish(t.Context(), []event.Event{bustest.Added("KrishnaMohan", 1)})
	if _, refused := errors.AsType[*bus.RefusedError](results[0]); results[0] == nil || refused {
		t.Errorf("Publish = %v, want trouble that is not the event's", results)
	}
}

func TestAServerThatForgetsIsToldOf(t *testing.T) {
	t.Parallel()
	server := enginetest.Redis(t)
	if got := client(t, server.URL).ConfigGet(t.Context(), "appendonly").Val()["appendonly"]; got != "no" {
		t.Skipf("the server's appendonly is %q", got)
	}
	var logs bustest.Logbook
	b := open(t, server.URL, redisstream.Options{Logger: logs.Logger()})
	for i := range 3 {
		if results := b.Publish(t.Context(), []event.Event{bustest.Added("KrishnaMohan", uint64(i))}); results != nil {
			t.Fatal(results)
		}
	}
	if n := logs.Count("append-only file"); n != 1 {
		t.Errorf("the missing append-only file is told of %d times, want once", n)
	}
}
