package redisstream_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/glarimy/ums/shared/bus"
	"github.com/glarimy/ums/shared/bus/redisstream"
	"github.com/glarimy/ums/shared/bus/transport"
	"github.com/glarimy/ums/shared/enginetest"
	"github.com/glarimy/ums/shared/event"
)

// TestEntries reads the stream as another language's program does.
func TestEntries(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, url string) {
		first, second := added("KrishnaMohan", 1), added("ಕೃಷ್ಣಮೋಹನ", 2)
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

func TestARefusedEventHoldsBackItsUserAlone(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, url string) {
		bad := added("KrishnaMohan", 2)
		bad.Data = []byte(`{"phone":`)
		sent := []event.Event{added("KrishnaMohan", 1), bad, added("AnotherUser", 3), added("KrishnaMohan", 4)}
		results := open(t, url, redisstream.Options{}).Publish(t.Context(), sent)
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
		if n := client(t, url).XLen(t.Context(), redisstream.Stream).Val(); n != 2 {
			t.Errorf("the stream has %d entries, want 2", n)
		}
	})
}

func TestNothingSoundToSend(t *testing.T) {
	t.Parallel()
	b := open(t, "redis://127.0.0.1:1", redisstream.Options{})
	results := b.Publish(t.Context(), []event.Event{{}})
	if _, ok := errors.AsType[*bus.RefusedError](results[0]); len(results) != 1 || !ok {
		t.Errorf("Publish = %v, want a RefusedError", results)
	}
	if results := b.Publish(t.Context(), nil); results != nil {
		t.Errorf("Publish of nothing = %v", results)
	}
}

// TestAServerThatIsAway must not look like a refusal: nobody's event is at fault.
func TestAServerThatIsAway(t *testing.T) {
	t.Parallel()
	server := enginetest.Redis(t)
	b := open(t, server.URL, redisstream.Options{})
	wantTrouble := func(when string, ctx context.Context) {
		t.Helper()
		results := b.Publish(ctx, []event.Event{added("KrishnaMohan", 1), added("AnotherUser", 2)})
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
	if results := b.Publish(t.Context(), []event.Event{added("KrishnaMohan", 1)}); results != nil {
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
	results := b.Publish(t.Context(), []event.Event{added("KrishnaMohan", 1)})
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
	var logs logbook
	b := open(t, server.URL, redisstream.Options{Logger: logs.logger()})
	for i := range 3 {
		if results := b.Publish(t.Context(), []event.Event{added("KrishnaMohan", uint64(i))}); results != nil {
			t.Fatal(results)
		}
	}
	if n := logs.count("append-only file"); n != 1 {
		t.Errorf("the missing append-only file is told of %d times, want once", n)
	}
}

func TestOpenTellsWhatIsWrong(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"":                             "EVENTS_URL is not set",
		"kafka://host:9092":            "must begin with redis://",
		"localhost:6379":               "must begin with redis://",
		"redis://u:secret@host:port/0": "EVENTS_URL: ",
		"redis://u:secret@host/zero":   "EVENTS_URL: ",
	} {
		_, err := transport.Config{URL: url}.Open(transport.Dependencies{})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got %v, want %q and no password", url, err, want)
		}
	}
	b, err := transport.Config{URL: "rediss://u:secret@127.0.0.1:1/0"}.Open(transport.Dependencies{})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
}
