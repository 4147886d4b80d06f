// Package transport opens the event bus that EVENTS_URL names.
package transport

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/glarimy/ums/shared/bus"
	"github.com/glarimy/ums/shared/bus/redisstream"
)

// Config is what an operator can set of the bus.
type Config struct {
	// URL is redis://user:password@host:6379/0, or rediss:// for TLS: Redis Streams on a server of their own, with an
	// append-only file and maxmemory-policy noeviction. Empty is no bus.
	URL string `env:"EVENTS_URL"`
}

// Dependencies are what a bus is given.
type Dependencies struct {
	Logger *slog.Logger
}

// Open prepares the bus without connecting to it. No error holds the URL or its password.
func (c Config) Open(d Dependencies) (bus.Bus, error) {
	scheme, _, found := strings.Cut(c.URL, "://")
	switch {
	case c.URL == "":
		return nil, errors.New("EVENTS_URL is not set: name the event bus, such as redis://host:6379/0")
	case found && (scheme == "redis" || scheme == "rediss"):
		b, err := redisstream.Open(c.URL, redisstream.Options{Logger: d.Logger})
		if err != nil {
			return nil, fmt.Errorf("EVENTS_URL: %w", err)
		}
		return b, nil
	default:
		return nil, errors.New("EVENTS_URL must begin with redis:// or rediss://")
	}
}
