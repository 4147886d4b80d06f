package redisstream_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"github.com/glarimy/ums/shared/bus/redisstream"
	"github.com/glarimy/ums/shared/enginetest"
	"github.com/glarimy/ums/shared/event"
)

// onEach runs a test on Redis and on the server that `ums up` has inside its process.
func onEach(t *testing.T, test func(t *testing.T, url string)) {
	t.Helper()
	t.Run("Redis", func(t *testing.T) {
		t.Parallel()
		test(t, enginetest.Redis(t).URL)
	})
	t.Run("miniredis", func(t *testing.T) {
		t.Parallel()
		test(t, "redis://"+miniredis.RunT(t).Addr())
	})
}

func open(t *testing.T, url string, o redisstream.Options) *redisstream.Bus {
	t.Helper()
	b, err := redisstream.Open(url, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return b
}

// client is a test's own way to the server.
func client(t *testing.T, url string) *redis.Client {
	t.Helper()
	options, err := redis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	c := redis.NewClient(options)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// added is an event of a user.
func added(name string, sequence uint64) event.Event {
	return event.Event{
		ID: uuid.NewString(), Source: event.SourceAdd, Type: event.TypeAdded, User: name,
		Time: time.Date(2022, 9, 12, 10, 0, 0, 0, time.UTC), Sequence: event.Sequence(sequence),
		Data: fmt.Appendf(nil, `{"name": %q}`, name),
	}
}

// logbook keeps what is logged. It is safe for concurrent use.
type logbook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logbook) count(what string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.text.String(), what)
}

func (l *logbook) logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }
