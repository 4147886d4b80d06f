// Package transport opens the event bus that EVENTS_URL names.
package transport

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/glarimy/ums/shared/bus"
	"github.com/glarimy/ums/shared/bus/kafka"
	"github.com/glarimy/ums/shared/bus/redisstream"
)

// Config is what an operator can set of the bus.
type Config struct {
	// URL is redis://user:password@host:6379/0, or rediss:// for TLS: Redis Streams on a server of their own, with an
	// append-only file and maxmemory-policy noeviction; or kafka://user@host:9092,host:9092/topic?replication=3&…, whose
	// parameters package kafka tells. Empty is no bus.
	URL string `env:"EVENTS_URL"`

	// Password takes the place of the URL's own.
	Password string `env:"EVENTS_PASSWORD"`

	// Retention is how long events stay on the bus: on Redis Streams those that all groups have done (default 1 h), on
	// Kafka all, in a topic that UMS makes (default 7 days).
	Retention time.Duration `env:"EVENTS_RETENTION"`

	// MaxLength is about how many events Redis Streams keep, seen or not (default 1,000,000).
	MaxLength int64 `env:"EVENTS_MAX_LENGTH"`
}

// Dependencies are what a bus is given.
type Dependencies struct {
	Logger   *slog.Logger
	Registry prometheus.Registerer // of the consumers' metrics, which several buses may share; nil for none
}

// Open prepares the bus without connecting to it. No error holds the URL or its password.
func (c Config) Open(d Dependencies) (bus.Bus, error) {
	scheme, _, found := strings.Cut(c.URL, "://")
	switch {
	case c.Retention < 0:
		return nil, fmt.Errorf("EVENTS_RETENTION is %s: give how long events are kept, such as 1h", c.Retention)
	case c.MaxLength < 0:
		return nil, fmt.Errorf("EVENTS_MAX_LENGTH is %d: give how many events are kept at most", c.MaxLength)
	case c.URL == "":
		return nil, errors.New("EVENTS_URL is not set: name the event bus, such as redis://host:6379/0")
	case found && (scheme == "redis" || scheme == "rediss"):
		b, err := redisstream.Open(c.URL, redisstream.Options{
			Logger: d.Logger, Registry: d.Registry, Password: c.Password, Retention: c.Retention, MaxLength: c.MaxLength,
		})
		return opened(b, err)
	case found && scheme == "kafka" && c.MaxLength != 0:
		return nil, errors.New("EVENTS_MAX_LENGTH is set, and Kafka bounds a topic by time: set EVENTS_RETENTION instead")
	case found && scheme == "kafka":
		b, err := kafka.Open(c.URL, kafka.Options{
			Logger: d.Logger, Registry: d.Registry, Password: c.Password, Retention: c.Retention,
		})
		return opened(b, err)
	default:
		return nil, errors.New("EVENTS_URL must begin with redis://, rediss:// or kafka://")
	}
}

func opened[B bus.Bus](b B, err error) (bus.Bus, error) {
	if err != nil {
		return nil, fmt.Errorf("EVENTS_URL: %w", err)
	}
	return b, nil
}
