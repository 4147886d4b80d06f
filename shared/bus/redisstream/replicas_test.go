package redisstream_test

import (
	"context"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/glarimy/ums/shared/bus"
	"github.com/glarimy/ums/shared/bus/redisstream"
	"github.com/glarimy/ums/shared/event"
)

// line is a way to a server that can be cut for good: to the server, whoever used it is dead without a word.
type line struct {
	listener net.Listener
	mu       sync.Mutex
	conns    []net.Conn
	dead     bool
}

// newLine returns a line to the server of a URL, and the URL through it.
func newLine(t *testing.T, url string) (*line, string) {
	t.Helper()
	rest := strings.TrimPrefix(url, "redis://")
	addr, database, _ := strings.Cut(rest, "/")
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &line{listener: listener}
	t.Cleanup(l.cut)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			server, err := new(net.Dialer).DialContext(context.Background(), "tcp", addr)
			if err != nil || !l.keep(conn, server) {
				_ = conn.Close()
				continue
			}
			go func() { _, _ = io.Copy(server, conn) }()
			go func() { _, _ = io.Copy(conn, server) }()
		}
	}()
	return l, "redis://" + listener.Addr().String() + "/" + database
}

func (l *line) keep(conns ...net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.conns = append(l.conns, conns...)
	return !l.dead
}

func (l *line) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dead = true
	_ = l.listener.Close()
	for _, c := range l.conns {
		_ = c.Close()
	}
}

// TestThreeReplicas share the work of a group; one is cut off in the middle of a batch.
func TestThreeReplicas(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, url string) {
		subscription := bus.Subscription{Group: "test", Batch: 5}
		boxes := make([]inbox, 3)
		gate := make(chan struct{})
		held := make(chan struct{}, 1)
		cut, through := newLine(t, url)
		for i := range boxes {
			handle, to := boxes[i].handle, url
			if i == 0 {
				to = through
				handle = func(ctx context.Context, _ []event.Event) error {
					held <- struct{}{}
					select {
					case <-gate:
					case <-ctx.Done():
					}
					return ctx.Err()
				}
			}
			consumeAs(t, open(t, to, soon()), subscription, handle)
		}
		publisher := open(t, url, redisstream.Options{})
		events := many(300)
		ids := publish(t, publisher, events[:150]...)
		<-held // the first has a batch
		cut.cut()
		ids = append(ids, publish(t, publisher, events[150:]...)...)
		eventually(t, "all events arrive", func() bool {
			all := inbox{received: append(boxes[1].events(), boxes[2].events()...)}
			return all.has(ids...)
		})
		close(gate)
		if len(boxes[1].events()) == 0 || len(boxes[2].events()) == 0 {
			t.Error("one of the others did nothing")
		}
		if n := len(boxes[1].events()) + len(boxes[2].events()); n != 300 {
			t.Errorf("the others did %d events, want each once", n)
		}
		eventually(t, "nothing is pending", func() bool {
			pending, err := client(t, url).XPending(t.Context(), redisstream.Stream, "test").Result()
			return err == nil && pending.Count == 0
		})
	})
}

// TestAMemberThatWorksLong keeps its entries, however soon others would take them.
func TestAMemberThatWorksLong(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, url string) {
		started, finish := make(chan struct{}), make(chan struct{})
		ids := publish(t, open(t, url, redisstream.Options{}), many(3)...)
		var slow, idle inbox
		stop := consume(t, open(t, url, soon()), func(ctx context.Context, events []event.Event) error {
			close(started)
			<-finish
			return slow.handle(ctx, events)
		})
		<-started
		consume(t, open(t, url, soon()), idle.handle)
		<-time.After(5 * soon().TakeoverAfter)
		close(finish)
		eventually(t, "the events are done", func() bool { return slow.has(ids...) })
		if n := len(idle.events()); n != 0 {
			t.Errorf("another took %d events of a member that lives", n)
		}
		stop()
		if n := len(slow.events()); n != 3 {
			t.Errorf("the events came %d times, want 3", n)
		}
	})
}

// TestAMemberThatCannotWork leaves its events to those that can.
func TestAMemberThatCannotWork(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, url string) {
		b, c := open(t, url, redisstream.Options{}), client(t, url)
		ids := publish(t, b, many(20)...)
		var sick, sound inbox
		sick.refuse = func(event.Event) error { return bus.ErrUnavailable }
		consume(t, b, sick.handle)
		eventually(t, "one has tried, and given them back", func() bool {
			pending, err := c.XPendingExt(t.Context(), &redis.XPendingExtArgs{
				Stream: redisstream.Stream, Group: "test", Start: "-", End: "+", Count: 1,
			}).Result()
			return err == nil && len(pending) == 1 && pending[0].Idle > time.Hour
		})
		consume(t, b, sound.handle)
		eventually(t, "the other has them", func() bool { return sound.has(ids...) })
	})
}

// TestAMemberThatStops leaves at once, and leaves nothing behind.
func TestAMemberThatStops(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, url string) {
		b := open(t, url, redisstream.Options{TakeoverAfter: time.Minute}) // longer than the test waits
		ids := publish(t, b, many(3)...)
		var got inbox
		started := make(chan struct{})
		stop := consume(t, b, func(ctx context.Context, _ []event.Event) error {
			close(started)
			<-ctx.Done()
			return ctx.Err()
		})
		<-started
		stop()
		consume(t, b, got.handle)
		eventually(t, "the events come to the next member", func() bool { return got.has(ids...) })
		stopped := consume(t, b, got.handle)
		consumers := func() int {
			list, err := client(t, url).XInfoConsumers(t.Context(), redisstream.Stream, "test").Result()
			if err != nil {
				t.Fatal(err)
			}
			return len(list)
		}
		stopped()
		if n := consumers(); n > 2 { // the one that had events may still have its name there
			t.Errorf("there are %d consumers", n)
		}
	})
}

// TestDeadConsumersAreRemoved finds the names of processes that died gone after a while, unless something is pending.
func TestDeadConsumersAreRemoved(t *testing.T) {
	t.Parallel()
	// miniredis does not tell when a consumer was heard of last; what it serves dies with its consumers anyway.
	server := redisURL(t)
	c := client(t, server)
	publish(t, open(t, server, redisstream.Options{}), many(1)...)
	for _, command := range [][]any{
		{"XGROUP", "CREATE", redisstream.Stream, "test", "0"},
		{"XGROUP", "CREATECONSUMER", redisstream.Stream, "test", "dead"},
	} {
		if err := c.Do(t.Context(), command...).Err(); err != nil {
			t.Fatal(err)
		}
	}
	var got inbox
	consume(t, open(t, server, redisstream.Options{TakeoverAfter: 50 * time.Millisecond}), got.handle)
	eventually(t, "the dead one is gone", func() bool {
		list, err := c.XInfoConsumers(t.Context(), redisstream.Stream, "test").Result()
		return err == nil && len(list) == 1 && list[0].Name != "dead"
	})
}
