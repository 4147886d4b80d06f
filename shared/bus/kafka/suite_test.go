package kafka_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/glarimy/ums/shared/bus"
	"github.com/glarimy/ums/shared/bus/bustest"
	"github.com/glarimy/ums/shared/bus/kafka"
	"github.com/glarimy/ums/shared/bus/kafka/kafkatest"
	"github.com/glarimy/ums/shared/enginetest"
)

// TestBusInTheProcess runs the suite of every bus on a Kafka inside the process.
func TestBusInTheProcess(t *testing.T) {
	t.Parallel()
	bustest.Run(t, bustest.Kind{
		New: func(t *testing.T) bustest.Server { return served{kafkatest.New(t).URL} },
		NewOutage: func(t *testing.T) bustest.Outage {
			server := kafkatest.New(t)
			return &outage{served{server.URL}, server.Stop, server.Start}
		},
		TakeoverAfter: soon,
	})
}

// soon is a time after which a dead member's partitions are taken over in tests.
const soon = 500 * time.Millisecond

func open(t *testing.T, url string, o kafka.Options) *kafka.Bus {
	t.Helper()
	b, err := kafka.Open(url, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return b
}

// served is a server at an URL.
type served struct{ url string }

func (s served) Open(t *testing.T, o bustest.Options) bus.Bus {
	t.Helper()
	return open(t, s.url, kafka.Options{Logger: o.Logger, Registry: o.Registry, TakeoverAfter: o.TakeoverAfter})
}

func (s served) OpenThrough(t *testing.T, o bustest.Options) (b bus.Bus, cut func()) {
	t.Helper()
	l := &line{}
	return open(t, s.url, kafka.Options{
		Logger: o.Logger, Registry: o.Registry, TakeoverAfter: o.TakeoverAfter, Dial: l.dial,
	}), l.cut
}

// line is a way to brokers that can be cut for good: to the brokers, whoever used it is dead without a word.
type line struct {
	mu    sync.Mutex
	conns []net.Conn
	dead  bool
}

func (l *line) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.dead {
		return nil, errors.Join(errors.New("the line is cut"), conn.Close())
	}
	l.conns = append(l.conns, conn)
	return conn, nil
}

func (l *line) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dead = true
	for _, c := range l.conns {
		_ = c.Close()
	}
}

// where returns the brokers and the topic of an URL.
func where(url string) (brokers []string, topic string) {
	hosts, rest, _ := strings.Cut(strings.TrimPrefix(url, "kafka://"), "/")
	if topic, _, _ = strings.Cut(rest, "?"); topic == "" {
		topic = kafka.Topic
	}
	return strings.Split(hosts, ","), topic
}

// client is a test's own way to the brokers.
func client(t *testing.T, url string, more ...kgo.Opt) *kgo.Client {
	t.Helper()
	brokers, _ := where(url)
	c, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(brokers...)}, more...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func (s served) Write(t *testing.T, user, data string, attributes ...bus.Field) {
	t.Helper()
	_, topic := where(s.url)
	r := &kgo.Record{Topic: topic, Key: []byte(user), Value: []byte(data)}
	for _, a := range attributes {
		r.Headers = append(r.Headers, kgo.RecordHeader{Key: a.Name, Value: []byte(a.Value)})
	}
	if err := client(t, s.url, kgo.UnknownTopicRetries(-1)).ProduceSync(t.Context(), r).FirstErr(); err != nil {
		t.Fatal(err)
	}
}

func group(url, name string) string {
	_, topic := where(url)
	return topic + "." + name
}

func (s served) Undone(t *testing.T, name string) int64 {
	t.Helper()
	lags, err := kadm.NewClient(client(t, s.url)).Lag(t.Context(), group(s.url, name))
	if err != nil {
		t.Fatal(err)
	}
	return lags[group(s.url, name)].Lag.Total()
}

func (s served) Members(t *testing.T, name string) int {
	t.Helper()
	groups, err := kadm.NewClient(client(t, s.url)).DescribeGroups(t.Context(), group(s.url, name))
	if err != nil {
		t.Fatal(err)
	}
	return len(groups[group(s.url, name)].Members)
}

func (s served) Losses() map[string]func(t *testing.T) {
	_, topic := where(s.url)
	remove := func(t *testing.T) {
		t.Helper()
		c := client(t, s.url)
		before := topicOf(t, c, topic)
		if _, err := kadm.NewClient(c).DeleteTopic(t.Context(), topic); err != nil {
			t.Fatal(err)
		}
		// Until brokers have carried it out they take events for the topic, and lose them.
		bustest.Eventually(t, "the topic takes no more events", func() bool {
			now := topicOf(t, c, topic)
			return now.ErrorCode == 0 && now.TopicID != before.TopicID || // the bus has made another
				now.ErrorCode != 0 && !isHeld(t, c, topic)
		})
	}
	return map[string]func(t *testing.T){
		"the topic is deleted": remove,
		"another topic takes its place": func(t *testing.T) {
			t.Helper()
			remove(t)
			_, err := kadm.NewClient(client(t, s.url)).CreateTopic(t.Context(), 3, 1, nil, topic)
			if err != nil && !errors.Is(err, kerr.TopicAlreadyExists) {
				t.Fatal(err)
			}
		},
	}
}

// topicOf returns what brokers say of a topic, without what a client remembers.
func topicOf(t *testing.T, c *kgo.Client, name string) kmsg.MetadataResponseTopic {
	t.Helper()
	request, asked := kmsg.NewPtrMetadataRequest(), kmsg.NewMetadataRequestTopic()
	asked.Topic = &name
	request.Topics = append(request.Topics, asked)
	answer, err := request.RequestWith(t.Context(), c)
	if err != nil || len(answer.Topics) != 1 {
		t.Fatalf("the metadata of %s: %+v, %v", name, answer, err)
	}
	return answer.Topics[0]
}

// isHeld reports whether a broker has partitions of a topic on its disk.
func isHeld(t *testing.T, c *kgo.Client, topic string) (held bool) {
	t.Helper()
	dirs, err := kadm.NewClient(c).DescribeAllLogDirs(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	dirs.Each(func(d kadm.DescribedLogDir) { held = held || len(d.Topics[topic]) > 0 })
	return held
}

// outage is a server that can be stopped.
type outage struct {
	served
	stop, start func(testing.TB)
}

func (o *outage) Stop(t *testing.T) {
	t.Helper()
	o.stop(t)
}

func (o *outage) Start(t *testing.T) {
	t.Helper()
	o.start(t)
}

// TestBusOnKafka runs the same on Apache's own broker.
func TestBusOnKafka(t *testing.T) {
	t.Parallel()
	bustest.Run(t, bustest.Kind{
		New: func(t *testing.T) bustest.Server { return served{enginetest.Kafka(t).URL} },
		NewOutage: func(t *testing.T) bustest.Outage {
			server := enginetest.PrivateKafka(t)
			return &outage{served{server.URL}, server.Kill, server.Start}
		},
		OneOutage:     true,
		TakeoverAfter: soon,
	})
}
