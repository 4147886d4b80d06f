package redisstream_test

import (
	"context"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"github.com/glarimy/ums/shared/bus/redisstream"
	"github.com/glarimy/ums/shared/enginetest"
	"github.com/glarimy/ums/shared/event"
)

func redisURL(t *testing.T) string {
	t.Helper()
	return enginetest.Redis(t).URL
}

// TestTheStreamIsLost in every way in which it can be; what is published afterwards arrives.
func TestTheStreamIsLost(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, url string) {
		var logs logbook
		b := open(t, url, redisstream.Options{Logger: logs.logger()})
		var got inbox
		consume(t, b, got.handle)
		for what, command := range map[string][]any{
			"everything is lost": {"FLUSHDB"}, "the stream is lost": {"DEL", redisstream.Stream},
			"the group is lost": {"XGROUP", "DESTROY", redisstream.Stream, "test"},
		} {
			before := publish(t, b, many(3)...)
			eventually(t, "events arrive before "+what, func() bool { return got.has(before...) })
			if err := client(t, url).Do(t.Context(), command...).Err(); err != nil {
				t.Fatal(err)
			}
			after := publish(t, b, many(3)...)
			eventually(t, "events arrive after "+what, func() bool { return got.has(after...) })
		}
		if logs.count("has lost the group") == 0 {
			t.Error("the log does not tell of it")
		}
	})
}

// TestTheStreamIsLostInTheMiddle of a batch: what was received is done, and what comes arrives.
func TestTheStreamIsLostInTheMiddle(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, url string) {
		b := open(t, url, redisstream.Options{})
		var got inbox
		started, finish := make(chan struct{}, 10), make(chan struct{})
		consume(t, b, func(ctx context.Context, events []event.Event) error {
			started <- struct{}{}
			<-finish
			return got.handle(ctx, events)
		})
		before := publish(t, b, many(5)...)
		<-started
		if err := client(t, url).FlushDB(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
		after := publish(t, b, many(5)...)
		close(finish)
		eventually(t, "all events arrive", func() bool { return got.has(before...) && got.has(after...) })
	})
}

// TestTheServerIsAway for a while, and comes back empty.
func TestTheServerIsAway(t *testing.T) {
	t.Parallel()
	t.Run("Redis", func(t *testing.T) {
		t.Parallel()
		server := enginetest.Redis(t)
		testServerIsAway(t, server.URL, func() { server.Stop(t) }, func() { server.Start(t) })
	})
	t.Run("miniredis", func(t *testing.T) {
		t.Parallel()
		server := miniredis.RunT(t)
		addr := server.Addr()
		testServerIsAway(t, "redis://"+addr, server.Close, func() {
			// Another in its place: one that was closed never answers a blocking call again.
			again := miniredis.NewMiniRedis()
			if err := again.StartAddr(addr); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(again.Close)
		})
	})
}

func testServerIsAway(t *testing.T, url string, leave, comeBack func()) {
	t.Helper()
	var logs logbook
	b := open(t, url, redisstream.Options{Logger: logs.logger()})
	var got inbox
	consume(t, b, got.handle)
	before := publish(t, b, many(3)...)
	eventually(t, "events arrive before", func() bool { return got.has(before...) })
	leave()
	eventually(t, "the log tells that events wait", func() bool { return logs.count("events wait on the bus") == 1 })
	comeBack()
	after := publish(t, b, many(3)...)
	eventually(t, "events arrive afterwards", func() bool { return got.has(after...) })
	eventually(t, "the log tells that it is over", func() bool { return logs.count("consumed again") > 0 })
}

// TestTheServerHangs for longer than a call may take. What was received before it did is done once.
func TestTheServerHangs(t *testing.T) {
	t.Parallel()
	server := enginetest.Redis(t)
	b := open(t, server.URL, soon())
	var got inbox
	started, finish := make(chan struct{}, 10), make(chan struct{})
	consume(t, b, func(ctx context.Context, events []event.Event) error {
		started <- struct{}{}
		<-finish
		return got.handle(ctx, events)
	})
	ids := publish(t, b, many(5)...)
	<-started
	server.Pause(t)
	close(finish)
	<-time.After(6 * time.Second) // longer than a call may take: the acknowledgement fails
	server.Resume(t)
	more := publish(t, b, many(5)...)
	eventually(t, "all events arrive", func() bool { return got.has(ids...) && got.has(more...) })
	eventually(t, "nothing is pending", func() bool {
		pending, err := client(t, server.URL).XPending(t.Context(), redisstream.Stream, "test").Result()
		return err == nil && pending.Count == 0
	})
	if n := len(got.events()); n != 10 {
		t.Errorf("the handler did %d events, want 10, each once", n)
	}
}
