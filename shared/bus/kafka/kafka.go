// Package kafka is the event bus on Apache Kafka. One topic holds all events, a record each: its key is the user's name,
// its value the data as it is, its headers the attributes (ce_id, ce_type and so on: CloudEvents' binary mode), the
// content-type, and the id by which Debezium's outbox router would name it.
//
// Brokers of version 2.8 or later are needed, which tell the IDs of topics.
//
// # Publishing
//
// A publish is acknowledged once all replicas in sync have the record, and no fewer of them than min.insync.replicas;
// the producer is idempotent. The records of one call go out in batches that a broker takes whole or not at all, one for
// each partition and one after the other, so that no user's events overtake each other.
//
// # Consuming
//
// Each call of Consume is a member of a consumer group, <topic>.<group>, with the cooperative-sticky assignment. It
// commits an offset once all records before it are done. A member that does not say anything for Options.TakeoverAfter
// loses its partitions to others. One that loses them while its handler works finishes that call first, for up to a
// minute.
//
// A commit carries the ID of the topic that it is of. So what was committed before a topic was deleted does not count
// for the one that takes its place, whose first events would be passed over otherwise.
//
// # Dead letters
//
// They are records of a topic of their own, with the suffix .dead-letters and one partition. Kafka removes no single
// records: one that is put back is followed by a record that says so, and what is before the first one that waits is
// deleted.
package kafka

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/glarimy/ums/shared/bus"
	"github.com/glarimy/ums/shared/bus/internal/busmetrics"
)

// callTimeout bounds a call that does not wait for events.
const callTimeout = 10 * time.Second

// dialTimeout bounds a connection to one broker.
const dialTimeout = 5 * time.Second

// Options of a [Bus]. A field left zero has its default.
type Options struct {
	Logger   *slog.Logger          // default: silence
	Registry prometheus.Registerer // of the consumers' metrics; default: none. Several buses may share one

	// Password takes the place of the URL's own.
	Password string

	// Retention is how long a topic that the bus makes keeps its events, done or not (default 7 days).
	Retention time.Duration

	// TakeoverAfter is how long a member of a group may be silent before others take its partitions (default 30 s). The
	// brokers bound it: group.min.session.timeout.ms is 6 s by default. A member whose handler works is not silent.
	TakeoverAfter time.Duration

	// Dial connects to a broker (default: TCP).
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

func (o Options) withDefaults() Options {
	o.Retention = cmp.Or(o.Retention, defaultRetention)
	o.TakeoverAfter = cmp.Or(o.TakeoverAfter, defaultTakeoverAfter)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Dial == nil {
		o.Dial = (&net.Dialer{Timeout: dialTimeout}).DialContext
	}
	return o
}

const (
	defaultRetention     = 7 * 24 * time.Hour
	defaultTakeoverAfter = 30 * time.Second
)

// Bus is the event bus on one Kafka cluster.
type Bus struct {
	address address
	options Options
	logger  *slog.Logger
	metrics *busmetrics.Metrics
	plain   *kgo.Client // for what is neither published nor consumed
	admin   *kadm.Client
	sender  sender
	post    post
	letters letterCount

	mu      sync.Mutex
	checked map[string]bool // topics whose settings were looked at
}

var _ bus.Bus = (*Bus)(nil)

// Open prepares the bus on the brokers that rawURL names, without connecting to them:
//
//	kafka://user:password@host:9092,host:9092/topic?replication=3&min_insync=2&partitions=6&sasl=scram-sha-512&tls=true
//
// Only a host is required. No error holds the URL or its password.
func Open(rawURL string, o Options) (*Bus, error) {
	a, err := parseURL(rawURL, o.Password)
	if err != nil {
		return nil, err
	}
	o = o.withDefaults()
	m, err := busmetrics.New(o.Registry)
	if err != nil {
		return nil, fmt.Errorf("register the metrics of the bus: %w", err)
	}
	b := &Bus{address: a, options: o, logger: o.Logger, metrics: m, checked: map[string]bool{}}
	b.sender, b.post = newSender(b), newPost(b)
	if b.plain, err = b.client(); err != nil {
		return nil, err
	}
	b.admin = kadm.NewClient(b.plain)
	b.admin.SetTimeoutMillis(int32(callTimeout / time.Millisecond))
	if a.mechanism == mechanismPlain && a.tls == nil {
		b.logger.Warn("the password of the event bus goes over the network as it is: add tls=true to EVENTS_URL")
	}
	return b, nil
}

// client returns a client of the brokers that has not connected yet.
func (b *Bus) client(more ...kgo.Opt) (*kgo.Client, error) {
	options := []kgo.Opt{
		kgo.SeedBrokers(b.address.brokers...),
		kgo.ClientID("ums"),
		kgo.Dialer(b.dial),
		kgo.RetryBackoffFn(backoff),
		kgo.MetadataMinAge(metadataMinAge),
		kgo.MetadataMaxAge(metadataMaxAge),
		kgo.DisableClientMetrics(),
	}
	if b.address.sasl != nil {
		options = append(options, kgo.SASL(b.address.sasl))
	}
	client, err := kgo.NewClient(append(options, more...)...)
	if err != nil {
		return nil, fmt.Errorf("make a client of Kafka: %w", err)
	}
	return client, nil
}

// metadataMinAge is how soon a client asks again where partitions are, after it was told something wrong.
const metadataMinAge = 250 * time.Millisecond

// metadataMaxAge is how long a client may not know of new partitions, and of a topic that not all brokers knew of when
// it asked.
const metadataMaxAge = 10 * time.Second

// The pauses of a client between attempts of one request.
const (
	firstPause = 50 * time.Millisecond
	lastPause  = 500 * time.Millisecond
)

func backoff(failures int) time.Duration {
	return min(firstPause<<min(failures, 10), lastPause) //nolint:mnd // far beyond the last pause
}

// Close implements [bus.Bus].
func (b *Bus) Close() error {
	b.sender.close()
	b.post.close()
	b.plain.Close()
	return nil
}
