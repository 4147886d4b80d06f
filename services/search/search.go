// Package search fills the search slot: GET /user?…, filtered, ordered and paged lists of users. Every page is one read
// of an index from the place where the last page ended, so the thousandth costs what the first one does.
package search

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/glarimy/ums/shared/bus"
	"github.com/glarimy/ums/shared/cursor"
	"github.com/glarimy/ums/shared/event"
	"github.com/glarimy/ums/shared/httpserver"
	"github.com/glarimy/ums/shared/readevents"
	"github.com/glarimy/ums/shared/wiring"
)

// Config is what an operator can set of the service.
type Config struct {
	httpserver.Config
	Pages PagesConfig
	Reads readevents.Config
}

// PagesConfig is what an operator can set of the pages.
type PagesConfig struct {
	// CursorKeys sign the cursors: see [cursor.ParseKeys]. Every replica needs the same ones, as a client's next page
	// may come from another.
	CursorKeys string `env:"CURSOR_KEYS"`

	// Timeout bounds the reading of one page, the wait for a connection included.
	Timeout time.Duration `env:"SEARCH_TIMEOUT" envDefault:"5s"`
}

// Dependencies are what the service is given. They stay the caller's to close, after Serve.
type Dependencies struct {
	wiring.Parts
	Bus bus.Publisher // nil is none
}

// New returns the service, to be used once: Listen, then Serve. The error says what is wrong with the configuration.
func New(c Config, d Dependencies) (*httpserver.Server, error) {
	sealer, err := c.Pages.sealer()
	if err != nil {
		return nil, err
	}
	users, err := newStore(d.DB, d.DB.Dialect, d.Registry)
	if err != nil {
		return nil, err
	}
	reads, err := readevents.New(c.Reads, "search", event.SourceSearch, readevents.Dependencies{
		Bus: d.Bus, Logger: d.Logger, Registry: d.Registry,
	})
	if err != nil {
		return nil, err
	}
	h := &handler{users: users, cursors: sealer, reads: reads, timeout: c.Pages.Timeout, logger: d.Logger}
	return d.NewServer(c.Config, wiring.Slot{
		Name: "search", OpenAPI: OpenAPI, Handler: h.router(), Tasks: []func(context.Context) error{reads.Run},
	})
}

func (c PagesConfig) sealer() (*cursor.Sealer, error) {
	if c.CursorKeys == "" {
		return nil, errors.New("CURSOR_KEYS is not set: give every replica the same key, " +
			"such as `openssl rand -base64 32` prints")
	}
	keys, err := cursor.ParseKeys(c.CursorKeys)
	if err != nil {
		return nil, fmt.Errorf("CURSOR_KEYS: %w", err)
	}
	if c.Timeout <= 0 {
		return nil, fmt.Errorf("SEARCH_TIMEOUT is %s: it must be above zero", c.Timeout)
	}
	return cursor.New(keys, "search")
}
