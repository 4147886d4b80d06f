// Package transporttest gives the tests of services each bus that EVENTS_URL can name.
package transporttest

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/glarimy/ums/shared/bus"
	"github.com/glarimy/ums/shared/bus/kafka"
	"github.com/glarimy/ums/shared/bus/kafka/kafkatest"
	"github.com/glarimy/ums/shared/bus/redisstream"
	"github.com/glarimy/ums/shared/bus/transport"
	"github.com/glarimy/ums/shared/enginetest"
	"github.com/glarimy/ums/shared/event"
)

// Server is a bus that one test has to itself.
type Server struct {
	// URL is what EVENTS_URL says.
	URL string

	// Stop ends the server without warning, and Start starts it at the same address: Kafka with all that it
	// acknowledged, Redis empty. They are nil for a server that is shared.
	Stop, Start func(testing.TB)

	// Lose deletes all events from the bus, and its consumers' groups where they are part of them.
	Lose func(testing.TB)
}

// Redis is a Redis.
func Redis(tb testing.TB) *Server {
	tb.Helper()
	server := enginetest.Redis(tb)
	s := onRedis(server.URL)
	s.Stop, s.Start = server.Stop, server.Start
	return s
}

// InProcessRedis is a Redis inside the test's process, which is not stopped.
func InProcessRedis(tb testing.TB) *Server {
	tb.Helper()
	return onRedis("redis://" + miniredis.RunT(tb).Addr())
}

func onRedis(url string) *Server {
	return &Server{URL: url, Lose: func(tb testing.TB) {
		tb.Helper()
		client := redisClient(tb, url)
		defer func() { _ = client.Close() }()
		if err := client.FlushDB(tb.Context()).Err(); err != nil {
			tb.Fatal(err)
		}
	}}
}

// Kafka is Apache's broker, shared with other tests: the topic is the test's own.
func Kafka(tb testing.TB) *Server {
	tb.Helper()
	server := enginetest.Kafka(tb)
	return onKafka(server.URL)
}

// PrivateKafka is Apache's broker for one test alone, which takes some seconds: with -short tb is skipped.
func PrivateKafka(tb testing.TB) *Server {
	tb.Helper()
	if testing.Short() {
		tb.Skip("a broker of its own takes long to start")
	}
	server := enginetest.PrivateKafka(tb)
	s := onKafka(server.URL)
	s.Stop, s.Start = server.Kill, server.Start
	return s
}

// InProcessKafka speaks Kafka's protocol inside the test's process.
func InProcessKafka(tb testing.TB) *Server {
	tb.Helper()
	server := kafkatest.New(tb)
	s := onKafka(server.URL)
	s.Stop, s.Start = server.Stop, server.Start
	return s
}

func onKafka(url string) *Server {
	return &Server{URL: url, Lose: func(tb testing.TB) {
		tb.Helper()
		client, topic := kafkaClient(tb, url)
		defer client.Close()
		if _, err := kadm.NewClient(client).DeleteTopic(tb.Context(), topic); err != nil {
			tb.Fatal(err)
		}
	}}
}

// Open opens the bus as a service does. It ends with the test.
func (s *Server) Open(tb testing.TB, d transport.Dependencies) bus.Bus {
	tb.Helper()
	b, err := transport.Config{URL: s.URL}.Open(d)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = b.Close() })
	return b
}

// Events reads all events that are on the bus, without being one of its consumers: each user's in their order.
func (s *Server) Events(tb testing.TB) []event.Event {
	tb.Helper()
	if strings.HasPrefix(s.URL, "kafka:") {
		return s.kafkaEvents(tb)
	}
	client := redisClient(tb, s.URL)
	defer func() { _ = client.Close() }()
	entries, err := client.XRange(tb.Context(), redisstream.Stream, "-", "+").Result()
	if err != nil {
		tb.Fatal(err)
	}
	events := make([]event.Event, len(entries))
	for i, entry := range entries {
		get := func(name string) (string, bool) { v, ok := entry.Values[name].(string); return v, ok }
		data, _ := get("data")
		if events[i], err = event.FromAttributes(get, []byte(data)); err != nil {
			tb.Fatal(err)
		}
	}
	return events
}

// readTime bounds the reading of all events.
const readTime = 20 * time.Second

func (s *Server) kafkaEvents(tb testing.TB) (events []event.Event) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), readTime)
	defer cancel()
	admin, topic := kafkaClient(tb, s.URL)
	defer admin.Close()
	ends, err := kadm.NewClient(admin).ListEndOffsets(ctx, topic)
	if err != nil {
		tb.Fatal(err)
	}
	left, partitions := int64(0), map[int32]kgo.Offset{}
	ends.Each(func(end kadm.ListedOffset) {
		if end.Err == nil && end.Offset > 0 {
			left, partitions[end.Partition] = left+end.Offset, kgo.NewOffset().At(0)
		}
	})
	if left == 0 {
		return nil
	}
	client, _ := kafkaClient(tb, s.URL, kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: partitions}))
	defer client.Close()
	for left > 0 {
		if ctx.Err() != nil {
			tb.Fatalf("%d events were not read within %s", left, readTime)
		}
		for iter := client.PollFetches(ctx).RecordIter(); !iter.Done(); left-- {
			r := iter.Next()
			headers := map[string]string{}
			for _, h := range r.Headers {
				headers[h.Key] = string(h.Value)
			}
			e, err := event.FromAttributes(func(name string) (string, bool) { v, ok := headers[name]; return v, ok }, r.Value)
			if err != nil {
				tb.Fatal(err)
			}
			events = append(events, e)
		}
	}
	return events
}

func redisClient(tb testing.TB, url string) *redis.Client {
	tb.Helper()
	options, err := redis.ParseURL(url)
	if err != nil {
		tb.Fatal(err)
	}
	return redis.NewClient(options)
}

func kafkaClient(tb testing.TB, url string, more ...kgo.Opt) (client *kgo.Client, topic string) {
	tb.Helper()
	address, topic := where(url)
	client, err := kgo.NewClient(append(more, kgo.SeedBrokers(address))...)
	if err != nil {
		tb.Fatal(err)
	}
	return client, topic
}

// where returns a broker and the topic of an URL.
func where(url string) (address, topic string) {
	address, rest, _ := strings.Cut(strings.TrimPrefix(url, "kafka://"), "/")
	if topic, _, _ = strings.Cut(rest, "?"); topic == "" {
		topic = kafka.Topic
	}
	return address, topic
}
