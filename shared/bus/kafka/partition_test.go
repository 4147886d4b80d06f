package kafka_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/glarimy/ums/shared/bus/bustest"
	"github.com/glarimy/ums/shared/bus/kafka"
	"github.com/glarimy/ums/shared/bus/kafka/kafkatest"
	"github.com/glarimy/ums/shared/event"
)

// refuseFetches has one broker answer that it can read no partition.
func refuseFetches(server *kafkatest.Server, broker int32, why *kerr.Error) {
	server.Cluster().ControlKey(int16(kmsg.Fetch), func(asked kmsg.Request) (kmsg.Response, error, bool) {
		server.Cluster().KeepControl()
		if server.Cluster().CurrentNode() != broker {
			return nil, nil, false
		}
		request := asked.(*kmsg.FetchRequest)
		answer := request.ResponseKind().(*kmsg.FetchResponse)
		for _, topic := range request.Topics {
			told := kmsg.NewFetchResponseTopic()
			told.Topic, told.TopicID = topic.Topic, topic.TopicID
			for _, partition := range topic.Partitions {
				p := kmsg.NewFetchResponseTopicPartition()
				p.Partition, p.ErrorCode = partition.Partition, why.Code
				told.Partitions = append(told.Partitions, p)
			}
			answer.Topics = append(answer.Topics, told)
		}
		return answer, nil, true
	})
}

// ledByOthers returns events like those on the partitions that the broker does not lead; it reads so many in all.
func ledByOthers(t *testing.T, server *kafkatest.Server, broker int32, events int) []event.Event {
	t.Helper()
	c := client(t, server.URL, kgo.ConsumeTopics(kafka.Topic), kgo.ConsumeStartOffset(kgo.NewOffset().AtStart()))
	var others []event.Event
	for events > 0 {
		for _, r := range c.PollFetches(t.Context()).Records() {
			events--
			if server.Cluster().LeaderFor(kafka.Topic, r.Partition) != broker {
				others = append(others, bustest.Added(string(r.Key), 1))
			}
		}
	}
	return others
}

// TestAPartitionThatCannotBeRead holds up no other.
func TestAPartitionThatCannotBeRead(t *testing.T) {
	t.Parallel()
	server := kafkatest.New(t)
	b := open(t, server.URL+"?partitions=3", kafka.Options{})
	bustest.Publish(t, b, bustest.OfUsers(60)...)
	broken := server.Cluster().LeaderFor(kafka.Topic, 0)
	others := ledByOthers(t, server, broken, 60)
	refuseFetches(server, broken, kerr.UnknownServerError)
	var logs bustest.Logbook
	var got bustest.Inbox
	bustest.Consume(t, open(t, server.URL, kafka.Options{Logger: logs.Logger()}), got.Handle)
	bustest.Eventually(t, "the events of other partitions arrive", func() bool { return len(got.Events()) == len(others) })
	bustest.Eventually(t, "the log tells of it", func() bool { return logs.Count("events wait on the bus") > 0 })
	for range 5 {
		for i := range others {
			others[i].ID = uuid.NewString()
		}
		ids := bustest.Publish(t, b, others...)
		bustest.Eventually(t, "later ones arrive", func() bool { return got.Has(ids...) })
	}
	if n := logs.Count("events wait on the bus"); n != 1 {
		t.Errorf("the log tells %d times of it, want once", n)
	}
}

// TestABrokerThatDoesNotAnswer holds up the events that go to it, and none of a later call for others.
func TestABrokerThatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	server := kafkatest.New(t)
	b := open(t, server.URL+"?partitions=3", kafka.Options{})
	bustest.Publish(t, b, bustest.OfUsers(60)...)
	broken := server.Cluster().LeaderFor(kafka.Topic, 0)
	others := ledByOthers(t, server, broken, 60)
	server.Cluster().ControlKey(int16(kmsg.Produce), func(kmsg.Request) (kmsg.Response, error, bool) {
		server.Cluster().KeepControl()
		if server.Cluster().CurrentNode() == broken {
			return nil, errors.New("the connection breaks"), true
		}
		return nil, nil, false
	})
	soon, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if results := b.Publish(soon, bustest.OfUsers(60)); results == nil {
		t.Fatal("Publish = nil, want that some events were not taken")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if results := b.Publish(ctx, others); results != nil {
		t.Errorf("Publish for the other brokers = %v", results)
	}
}

// TestAPartitionIsGivenAway between two calls of a handler that does its events one by one.
func TestAPartitionIsGivenAway(t *testing.T) {
	t.Parallel()
	const events = 250
	server := kafkatest.New(t)
	b := open(t, server.URL+"?partitions=2", kafka.Options{TakeoverAfter: soon})
	bustest.Publish(t, b, bustest.OfUsers(events)...)
	var first, second bustest.Inbox
	started, taken := make(chan struct{}, 1), make(chan struct{})
	bustest.Consume(t, b, func(ctx context.Context, list []event.Event) error {
		if len(list) > 1 {
			return errors.New("one by one")
		}
		select {
		case started <- struct{}{}:
		default:
		}
		select {
		case <-taken:
		case <-time.After(100 * time.Millisecond): // a call takes its time: the group has eight seconds to share anew
		}
		return first.Handle(ctx, list)
	})
	<-started
	bustest.Consume(t, b, second.Handle)
	bustest.Eventually(t, "the second has some", func() bool { return second.Calls() > 0 })
	if n := first.Calls(); n > events/3 {
		t.Errorf("the first made %d calls before it let go", n)
	}
	close(taken)
	bustest.Eventually(t, "all events are done", func() bool { return len(first.Events())+len(second.Events()) >= events })
}

// TestAPartitionThatIsSilent is told of, though the client says nothing.
func TestAPartitionThatIsSilent(t *testing.T) {
	t.Parallel()
	server := kafkatest.New(t)
	b := open(t, server.URL+"?partitions=1", kafka.Options{})
	var got bustest.Inbox
	stop := bustest.Consume(t, b, got.Handle)
	ids := bustest.Publish(t, b, bustest.Many(3)...)
	bustest.Eventually(t, "the events arrive", func() bool { return got.Has(ids...) })
	stop()
	refuseFetches(server, server.Cluster().LeaderFor(kafka.Topic, 0), kerr.KafkaStorageError) // which clients repeat
	bustest.Publish(t, b, bustest.Many(5)...)
	registry := prometheus.NewPedanticRegistry()
	bustest.Consume(t, open(t, server.URL, kafka.Options{Registry: registry, TakeoverAfter: soon}), got.Handle)
	bustest.Eventually(t, "5 events are pending", func() bool {
		return bustest.Gauge(t, registry, "ums_bus_pending_events", "test") == 5
	})
	bustest.Eventually(t, "their lag grows", func() bool {
		return bustest.Gauge(t, registry, "ums_bus_lag_seconds", "test") > soon.Seconds()
	})
}
