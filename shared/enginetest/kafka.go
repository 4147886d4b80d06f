package enginetest

import (
	"context"
	"crypto/rand"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/glarimy/ums/shared/enginetest/internal/engine"
)

// KafkaServer is a Kafka broker with a topic that one test has to itself. Its methods are for one goroutine at a time.
type KafkaServer struct {
	// URL has the form of EVENTS_URL: kafka://127.0.0.1:port/topic?replication=1. There is no topic yet.
	URL string
	// Addr is the host and port of URL.
	Addr string
	// Topic is that of URL.
	Topic string
	// Engine is the product and its version as the server tells them: "Kafka v4.3".
	Engine string

	server *engine.Server
}

// Kafka gives tb a topic of its own, on a broker shared with other tests.
func Kafka(tb testing.TB) *KafkaServer {
	tb.Helper()
	return newKafka(process().kafkaServer(tb))
}

// PrivateKafka gives tb a broker of its own, which takes some seconds and is gone when tb ends.
func PrivateKafka(tb testing.TB) *KafkaServer {
	tb.Helper()
	server := startOptional(tb, "Kafka that can be stopped", &process().privateKafka)
	tb.Cleanup(func() {
		if err := server.Close(); err != nil {
			tb.Errorf("end the test's Kafka: %v", err)
		}
	})
	k := newKafka(server)
	k.server = server
	return k
}

func newKafka(server *engine.Server) *KafkaServer {
	topic := "ums.test." + strings.ToLower(rand.Text())
	return &KafkaServer{
		URL:  server.URL + "/" + topic + "?replication=1",
		Addr: strings.TrimPrefix(server.URL, "kafka://"), Topic: topic, Engine: server.Engine,
	}
}

// kafkaServer starts the shared broker at the first call.
func (e *engines) kafkaServer(tb testing.TB) *engine.Server {
	tb.Helper()
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.sharedKafka == nil {
		e.sharedKafka = startOptional(tb, "Kafka", &e.kafka)
	}
	return e.sharedKafka
}

// Kill ends a private broker as a crash would.
func (k *KafkaServer) Kill(tb testing.TB) {
	tb.Helper()
	control(tb, "kill Kafka", k.server.Kill)
}

// Stop ends a private broker in good order.
func (k *KafkaServer) Stop(tb testing.TB) {
	tb.Helper()
	control(tb, "stop Kafka", k.server.Stop)
}

// Start starts a stopped or killed broker on the same address, with what it had.
func (k *KafkaServer) Start(tb testing.TB) {
	tb.Helper()
	control(tb, "start Kafka", k.server.Start)
}

// Pause makes a private broker hang: connections stay open and nothing answers.
func (k *KafkaServer) Pause(tb testing.TB) {
	tb.Helper()
	control(tb, "pause Kafka", k.server.Pause)
}

// Resume ends a pause.
func (k *KafkaServer) Resume(tb testing.TB) {
	tb.Helper()
	control(tb, "resume Kafka", k.server.Resume)
}

// KafkaTool runs one of Kafka's own command-line tools, such as org.apache.kafka.tools.consumer.ConsoleConsumer, and
// returns what it prints. It skips tb where there is no Java.
func KafkaTool(tb testing.TB, class string, args ...string) string {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), controlWait)
	defer cancel()
	out, err := engine.NewHost(os.Stderr).KafkaTool(ctx, class, args...)
	if errors.Is(err, engine.ErrAbsent) {
		tb.Skipf("there is no Java for Kafka's tools: %v", err)
	}
	if err != nil {
		tb.Fatal(err)
	}
	return out
}
