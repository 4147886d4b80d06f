package redisstream_test

import (
	"context"
	"testing"
	"time"

	"github.com/glarimy/ums/shared/bus/bustest"
	"github.com/glarimy/ums/shared/bus/redisstream"
	"github.com/glarimy/ums/shared/enginetest"
	"github.com/glarimy/ums/shared/event"
)

// TestTheServerHangs for longer than a call may take. What was received before it did is done once.
func TestTheServerHangs(t *testing.T) {
	t.Parallel()
	server := enginetest.Redis(t)
	b := open(t, server.URL, soon())
	var got bustest.Inbox
	started, finish := make(chan struct{}, 10), make(chan struct{})
	bustest.Consume(t, b, func(ctx context.Context, events []event.Event) error {
		started <- struct{}{}
		<-finish
		return got.Handle(ctx, events)
	})
	ids := bustest.Publish(t, b, bustest.Many(5)...)
	<-started
	server.Pause(t)
	close(finish)
	<-time.After(6 * time.Second) // longer than a call may take: the acknowledgement fails
	server.Resume(t)
	more := bustest.Publish(t, b, bustest.Many(5)...)
	bustest.Eventually(t, "all events arrive", func() bool { return got.Has(ids...) && got.Has(more...) })
	bustest.Eventually(t, "nothing is pending", func() bool {
		pending, err := client(t, server.URL).XPending(t.Context(), redisstream.Stream, "test").Result()
		return err == nil && pending.Count == 0
	})
	if n := len(got.Events()); n != 10 {
		t.Errorf("the handler did %d events, want 10, each once", n)
	}
}

// TestDeadConsumersAreRemoved finds the names of processes that died gone after a while, unless something is pending.
func TestDeadConsumersAreRemoved(t *testing.T) {
	t.Parallel()
	// miniredis does not tell when a consumer was heard of last; what it serves dies with its consumers anyway.
	server := enginetest.Redis(t).URL
	c := client(t, server)
	bustest.Publish(t, open(t, server, redisstream.Options{}), bustest.Many(1)...)
	for _, command := range [][]any{
		{"XGROUP", "CREATE", redisstream.Stream, "test", "0"},
		{"XGROUP", "CREATECONSUMER", redisstream.Stream, "test", "dead"},
	} {
		if err := c.Do(t.Context(), command...).Err(); err != nil {
			t.Fatal(err)
		}
	}
	var got bustest.Inbox
	bustest.Consume(t, open(t, server, redisstream.Options{TakeoverAfter: 50 * time.Millisecond}), got.Handle)
	bustest.Eventually(t, "the dead one is gone", func() bool {
		list, err := c.XInfoConsumers(t.Context(), redisstream.Stream, "test").Result()
		return err == nil && len(list) == 1 && list[0].Name != "dead"
	})
}
