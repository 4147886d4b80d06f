// Package redisstream is the event bus on Redis Streams. One stream holds all events, an entry each: a field for every
// attribute of the event (ce_id, ce_type and so on) and the field data, so that XADD and XREADGROUP of any language do.
//
// A cache and a stream need opposite settings: the server of the stream needs an append-only file and the policy
// noeviction. A server without is told of in the log. What an append-only file promises is the server's to choose: with
// `appendfsync everysec`, its default, a power cut can take the last second of what it had acknowledged.
package redisstream

import (
	"errors"
	"log/slog"
	"net/url"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/glarimy/ums/shared/bus"
)

// Keys of the streams.
const (
	Stream      = "ums:user:events"
	DeadLetters = "ums:user:events:dead"
)

// fieldData is the field of an entry that is no attribute.
const fieldData = "data"

// callTimeout bounds each stage of a call that does not wait for events.
const callTimeout = 5 * time.Second

// Options of a [Bus]. The zero value is good.
type Options struct {
	Logger *slog.Logger // nil is silence
}

// Bus is the event bus on one Redis server.
type Bus struct {
	client *redis.Client
	logger *slog.Logger
	checks settingsCheck
}

var _ bus.Bus = (*Bus)(nil)

// Open prepares the bus on the server that rawURL names (redis:// or rediss://), without connecting to it. No error
// holds the URL or its password.
func Open(rawURL string, o Options) (*Bus, error) {
	options, err := redis.ParseURL(rawURL)
	if err != nil {
		return nil, withoutURL(err)
	}
	options.DialTimeout, options.PoolTimeout = callTimeout, callTimeout
	options.ReadTimeout, options.WriteTimeout = callTimeout, callTimeout
	options.ContextTimeoutEnabled = true
	options.MaxRetries = -1 // a publisher decides itself what is sent again
	options.DisableIdentity = true
	options.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Bus{client: redis.NewClient(options), logger: o.Logger}, nil
}

// Close implements [bus.Bus].
func (b *Bus) Close() error { return b.client.Close() }

// withoutURL strips an error of the URL that could not be parsed, and with it of its password.
func withoutURL(err error) error {
	if parse, ok := errors.AsType[*url.Error](err); ok {
		return parse.Err
	}
	return err
}
