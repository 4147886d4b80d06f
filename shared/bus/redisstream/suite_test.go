package redisstream_test

import (
	"context"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"github.com/glarimy/ums/shared/bus"
	"github.com/glarimy/ums/shared/bus/bustest"
	"github.com/glarimy/ums/shared/bus/redisstream"
	"github.com/glarimy/ums/shared/enginetest"
)

// TestBus runs the suite of every bus on Redis and on the server that `ums up` has inside its process.
func TestBus(t *testing.T) {
	t.Parallel()
	for _, k := range []bustest.Kind{
		{
			Name: "Redis",
			New:  func(t *testing.T) bustest.Server { return served{enginetest.Redis(t).URL} },
			NewOutage: func(t *testing.T) bustest.Outage {
				server := enginetest.Redis(t)
				return &outage{served{server.URL}, server.Stop, server.Start}
			},
		},
		{
			Name:      "miniredis",
			New:       func(t *testing.T) bustest.Server { return served{"redis://" + miniredis.RunT(t).Addr()} },
			NewOutage: miniredisOutage,
		},
	} {
		k.TakeoverAfter = soon().TakeoverAfter
		t.Run(k.Name, func(t *testing.T) {
			t.Parallel()
			bustest.Run(t, k)
		})
	}
}

// soon are options with which a dead member's entries are taken over soon.
func soon() redisstream.Options { return redisstream.Options{TakeoverAfter: 300 * time.Millisecond} }

// served is a server at an URL.
type served struct{ url string }

func (s served) Open(t *testing.T, o bustest.Options) bus.Bus {
	t.Helper()
	return open(t, s.url, redisstream.Options{Logger: o.Logger, Registry: o.Registry, TakeoverAfter: o.TakeoverAfter})
}

func (s served) OpenThrough(t *testing.T, o bustest.Options) (b bus.Bus, cut func()) {
	t.Helper()
	l, through := newLine(t, s.url)
	return served{through}.Open(t, o), l.cut
}

func (s served) Write(t *testing.T, _, data string, attributes ...bus.Field) {
	t.Helper()
	command := []any{"XADD", "ums:user:events", "*", "data", data}
	for _, a := range attributes {
		command = append(command, a.Name, a.Value)
	}
	if err := client(t, s.url).Do(t.Context(), command...).Err(); err != nil {
		t.Fatal(err)
	}
}

func (s served) Undone(t *testing.T, group string) int64 {
	t.Helper()
	pending, err := client(t, s.url).XPending(t.Context(), redisstream.Stream, group).Result()
	if err != nil {
		t.Fatal(err)
	}
	return pending.Count
}

func (s served) Members(t *testing.T, group string) int {
	t.Helper()
	list, err := client(t, s.url).XInfoConsumers(t.Context(), redisstream.Stream, group).Result()
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

func (s served) Losses() map[string]func(t *testing.T) {
	losses := map[string]func(t *testing.T){}
	for what, command := range map[string][]any{
		"everything is lost": {"FLUSHDB"}, "the stream is lost": {"DEL", redisstream.Stream},
		"the group is lost": {"XGROUP", "DESTROY", redisstream.Stream, "test"},
	} {
		losses[what] = func(t *testing.T) {
			t.Helper()
			if err := client(t, s.url).Do(t.Context(), command...).Err(); err != nil {
				t.Fatal(err)
			}
		}
	}
	return losses
}

// outage is a server that can be stopped; it comes back empty.
type outage struct {
	served
	stop, start func(testing.TB)
}

func (o *outage) Stop(t *testing.T) {
	t.Helper()
	o.stop(t)
}

func (o *outage) Start(t *testing.T) {
	t.Helper()
	o.start(t)
}

func miniredisOutage(t *testing.T) bustest.Outage {
	t.Helper()
	server := miniredis.RunT(t)
	addr := server.Addr()
	return &outage{
		served: served{"redis://" + addr},
		stop:   func(testing.TB) { server.Close() },
		start: func(t testing.TB) {
			// Another in its place: one that was closed never answers a blocking call again.
			server = miniredis.NewMiniRedis()
			if err := server.StartAddr(addr); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(server.Close)
		},
	}
}

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
