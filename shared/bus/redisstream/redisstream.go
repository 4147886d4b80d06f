// Package redisstream is the event bus on Redis Streams. One stream holds all events, an entry each: a field for every
// attribute of the event (ce_id, ce_type and so on) and the field data, so that XADD and XREADGROUP of any language do.
//
// A server of version 6.2 or later is needed, or one that speaks its commands.
//
// # Consuming
//
// Each call of Consume is a consumer of the group, with a name of its own. It keeps what it has received in a window,
// calls the handler, and acknowledges what is done. It says regularly that its entries are still in work; entries that
// were silent for Options.TakeoverAfter are taken over by others. Whatever fails, it joins the group again, which makes
// the group where it is gone, and first reads again what is pending under its name.
//
// # Trimming
//
// Redis trims streams without regard to groups. So publishers keep the stream below Options.MaxLength, which is far away,
// and each consumer removes, every few seconds and by one script, what all groups that exist have done and what is
// older than Options.Retention. There is no leader: to trim twice does no harm. A group that nobody consumes for any
// more holds its entries until they reach MaxLength: destroy it (XGROUP DESTROY). Dead letters are kept up to
// MaxDeadLetters, beyond which the oldest go.
//
// # Settings of the server
//
// A cache and a stream need opposite settings: the server of the stream needs an append-only file and the policy
// noeviction. A server without is told of in the log. What an append-only file promises is the server's to choose: with
// `appendfsync everysec`, its default, a power cut can take the last second of what it had acknowledged.
package redisstream

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/glarimy/ums/shared/bus"
	"github.com/glarimy/ums/shared/bus/internal/busmetrics"
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

// Options of a [Bus]. A field left zero has its default.
type Options struct {
	Logger   *slog.Logger          // default: silence
	Registry prometheus.Registerer // of the consumers' metrics; default: none. Several buses may share one

	// Password takes the place of the URL's own.
	Password string

	// Retention is how long an entry stays that all groups have done (default 1 h): for groups that are yet to come.
	Retention time.Duration

	// MaxLength is about how many entries the stream may have (default 1,000,000). Beyond it the oldest go, whether they
	// have been seen or not: it is reached only when a group has stopped consuming and was not destroyed.
	MaxLength int64

	// TakeoverAfter is how long a member of a group may be silent before others take its entries (default 30 s). A
	// member whose handler works for longer is not silent.
	TakeoverAfter time.Duration
}

func (o Options) withDefaults() Options {
	o.Retention = cmp.Or(o.Retention, defaultRetention)
	o.MaxLength = cmp.Or(o.MaxLength, defaultMaxLength)
	o.TakeoverAfter = cmp.Or(o.TakeoverAfter, defaultTakeoverAfter)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

const (
	defaultRetention     = time.Hour
	defaultMaxLength     = 1_000_000
	defaultTakeoverAfter = 30 * time.Second
)

// Bus is the event bus on one Redis server.
type Bus struct {
	client  *redis.Client
	options Options
	logger  *slog.Logger
	metrics *busmetrics.Metrics
	checks  settingsCheck
}

var _ bus.Bus = (*Bus)(nil)

// Open prepares the bus on the server that rawURL names (redis:// or rediss://), without connecting to it. No error
// holds the URL or its password.
func Open(rawURL string, o Options) (*Bus, error) {
	options, err := redis.ParseURL(rawURL)
	if err != nil {
		return nil, withoutURL(err)
	}
	options.Password = cmp.Or(o.Password, options.Password)
	options.DialTimeout, options.PoolTimeout = callTimeout, callTimeout
	options.ReadTimeout, options.WriteTimeout = callTimeout, callTimeout
	options.ContextTimeoutEnabled = true
	options.DialerRetries = 1
	options.MaxRetries = -1 // a publisher decides itself what is sent again
	options.Protocol = 2    // whose answers the scripts and the reading of entries know
	options.DisableIdentity = true
	options.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	o = o.withDefaults()
	m, err := busmetrics.New(o.Registry)
	if err != nil {
		return nil, fmt.Errorf("register the metrics of the bus: %w", err)
	}
	return &Bus{client: redis.NewClient(options), options: o, logger: o.Logger, metrics: m}, nil
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
