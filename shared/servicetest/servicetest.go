// Package servicetest runs services for their tests: in the test's process, and as their programs do.
package servicetest

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/wiring"
)

// Patience is how long what must happen is waited for; it is long for a machine.
const Patience = 30 * time.Second

// Eventually fails tb unless something comes true in time.
func Eventually(tb testing.TB, what string, is func() bool) {
	tb.Helper()
	deadline := time.NewTimer(Patience)
	defer deadline.Stop()
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for !is() {
		select {
		case <-look.C:
		case <-deadline.C:
			tb.Fatalf("not within %s: %s", Patience, what)
		}
	}
}

// OpenDB returns a way to a database until tb ends.
func OpenDB(tb testing.TB, url string) *database.DB {
	tb.Helper()
	db, err := database.Config{URL: url}.Open()
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = db.Close() })
	return db
}

// Serve runs a service until tb ends, or until stop is called. Then it fails tb if the service does not stop well, or if its
// log tells a secret.
func Serve(tb testing.TB, server wiring.Server, logs *Logbook) (stop func()) {
	tb.Helper()
	if err := server.Listen(context.Background()); err != nil {
		tb.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan error, 1)
	go func() { stopped <- server.Serve(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-stopped; err != nil {
			tb.Errorf("the service stopped with: %v", err)
		}
		logs.check(tb)
	})
	tb.Cleanup(stop)
	return stop
}

// Logbook keeps what a service logs. It is safe for concurrent use.
type Logbook struct {
	Secret string // what no line may hold

	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements [io.Writer].
func (l *Logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// Logger returns a logger that writes everything into the book.
func (l *Logbook) Logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// check fails tb if the secret was logged, and shows the log of a test that failed.
func (l *Logbook) check(tb testing.TB) {
	tb.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for line := range strings.Lines(l.text.String()) {
		if strings.Contains(line, l.Secret) {
			tb.Errorf("what must not be logged is in the log: %s", line)
		}
	}
	if tb.Failed() {
		tb.Logf("the log of the service:\n%s", &l.text)
	}
}
