// Package journal fills the journal slot: GET /journal…, the complete record of what happened, in order.
//
// One process at a time appends, by a lease: what is in the outbox, in the order of its sequence, and what else the bus
// brings. Every process reads and streams.
package journal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/glarimy/ums/shared/bus"
	"github.com/glarimy/ums/shared/cursor"
	"github.com/glarimy/ums/shared/httpserver"
	"github.com/glarimy/ums/shared/wiring"
)

// Config is what an operator can set of the service.
type Config struct {
	httpserver.Config
	Journal Settings
}

// Settings are what is the journal's own.
type Settings struct {
	Append  AppendConfig
	Streams StreamConfig

	// CursorKeys sign the cursors: see [cursor.ParseKeys]. Every replica needs the same ones, as a client's next page
	// may come from another.
	CursorKeys string `env:"CURSOR_KEYS"`

	// Timeout bounds one read of the database, the wait for a connection included.
	Timeout time.Duration `env:"JOURNAL_TIMEOUT" envDefault:"5s"`
}

// Dependencies are what the service is given. They stay the caller's to close, after Serve.
type Dependencies struct {
	wiring.Parts
	Bus bus.Consumer // what comes beside the outbox; nil is nothing
}

// New returns the service, to be used once: Listen, then Serve. The error says what is wrong with the configuration.
func New(c Config, d Dependencies) (*httpserver.Server, error) {
	sealer, err := c.Journal.sealer()
	if err != nil {
		return nil, err
	}
	m, err := newMetrics(d.Registry)
	if err != nil {
		return nil, err
	}
	table := &store{db: d.DB, dialect: d.DB.Dialect, duration: m.read}
	end := newTail(table, d.Logger)
	a, err := newAppender(c.Journal.Append, d, m, end.wake)
	if err != nil {
		return nil, err
	}
	h := &handler{store: table, cursors: sealer, timeout: c.Journal.Timeout, logger: d.Logger}
	open := newStreams(c.Journal.Streams, h, end, m)
	return d.NewServer(c.Config, wiring.Slot{
		Name: "journal", OpenAPI: OpenAPI, Handler: h.router(open), EndStreams: open.end,
		Tasks: []func(context.Context) error{d.Schema.Then(func(ctx context.Context) error {
			group, ctx := errgroup.WithContext(ctx)
			group.Go(func() error { return a.run(ctx) })
			group.Go(func() error { return end.run(ctx) })
			group.Go(func() error { return m.watch(ctx, table, d.Now) })
			return group.Wait()
		})},
	})
}

func (c Settings) sealer() (*cursor.Sealer, error) {
	switch {
	case c.CursorKeys == "":
		return nil, errors.New("CURSOR_KEYS is not set: give every replica the same key, " +
			"such as `openssl rand -base64 32` prints")
	case c.Timeout <= 0:
		return nil, fmt.Errorf("JOURNAL_TIMEOUT is %s: it must be above zero", c.Timeout)
	case c.Streams.Heartbeat <= 0:
		return nil, fmt.Errorf("JOURNAL_HEARTBEAT is %s: it must be above zero", c.Streams.Heartbeat)
	case c.Streams.Most < 0:
		return nil, fmt.Errorf("JOURNAL_MAX_STREAMS is %d: give how many streams may be open at a time", c.Streams.Most)
	}
	keys, err := cursor.ParseKeys(c.CursorKeys)
	if err != nil {
		return nil, fmt.Errorf("CURSOR_KEYS: %w", err)
	}
	return cursor.New(keys, "journal")
}
