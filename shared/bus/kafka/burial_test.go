package kafka_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/glarimy/ums/shared/bus"
	"github.com/glarimy/ums/shared/bus/bustest"
	"github.com/glarimy/ums/shared/bus/kafka"
	"github.com/glarimy/ums/shared/bus/kafka/kafkatest"
)

// refuseProduce is an answer by which a broker takes no record, with an error that clients do not repeat.
func refuseProduce(asked kmsg.Request, why *kerr.Error) kmsg.Response {
	request := asked.(*kmsg.ProduceRequest)
	answer := request.ResponseKind().(*kmsg.ProduceResponse)
	for _, topic := range request.Topics {
		told := kmsg.NewProduceResponseTopic()
		told.Topic, told.TopicID = topic.Topic, topic.TopicID
		for _, partition := range topic.Partitions {
			p := kmsg.NewProduceResponseTopicPartition()
			p.Partition, p.ErrorCode = partition.Partition, why.Code
			told.Partitions = append(told.Partitions, p)
		}
		answer.Topics = append(answer.Topics, told)
	}
	return answer
}

// noise is text that no compression makes small.
func noise(size int) string {
	var text strings.Builder
	for text.Len() < size {
		text.WriteString(rand.Text())
	}
	return text.String()[:size]
}

// letters returns the dead letters.
func letters(t *testing.T, b bus.Bus) []bus.DeadLetter {
	t.Helper()
	list, err := b.DeadLetters(t.Context(), "", 1000)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestABurialThatFails is tried again, and what was received with the record is done all the same.
func TestABurialThatFails(t *testing.T) {
	t.Parallel()
	server := kafkatest.New(t)
	url := server.URL + "/?partitions=1"
	b := open(t, url, kafka.Options{})
	ids := bustest.Publish(t, b, bustest.Many(3)...)
	served{url}.Write(t, "KrishnaMohan", "no event")
	ids = append(ids, bustest.Publish(t, b, bustest.Many(20)...)...)
	server.Cluster().ControlKey(int16(kmsg.Produce), func(asked kmsg.Request) (kmsg.Response, error, bool) {
		return refuseProduce(asked, kerr.TopicAuthorizationFailed), nil, true // once
	})
	var got bustest.Inbox
	bustest.Consume(t, open(t, url, kafka.Options{}), got.Handle)
	bustest.Eventually(t, "all events arrive", func() bool { return got.Has(ids...) })
	bustest.Eventually(t, "the record is buried", func() bool { return len(letters(t, b)) == 1 })
	bustest.Eventually(t, "nothing is left to do", func() bool { return served{url}.Undone(t, "test") == 0 })
}

// TestALargeForeignRecord is buried whole where the topic takes it, and cut where it does not.
func TestALargeForeignRecord(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		most, size int // bytes of a batch, and of the record's value
		cut        bool
	}{
		"larger than what the bus publishes":       {1_048_588, 1_020_000, false},
		"as large as the topic takes":              {2_000, 1_900, true},
		"as large as the topic takes, all headers": {2_000, -1_900, true},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			server := kafkatest.New(t, kfake.BrokerConfigs(map[string]string{"message.max.bytes": fmt.Sprint(c.most)}))
			url := server.URL + "/?partitions=1"
			b := open(t, url, kafka.Options{})
			ids := bustest.Publish(t, b, bustest.Added("KrishnaMohan", 1))
			record := &kgo.Record{Topic: kafka.Topic, Value: []byte(noise(max(c.size, 0)))}
			if c.size < 0 {
				record.Headers = []kgo.RecordHeader{{Key: "noise", Value: []byte(noise(-c.size))}}
			}
			foreign := client(t, url, kgo.ProducerBatchMaxBytes(1_040_000))
			if err := foreign.ProduceSync(t.Context(), record).FirstErr(); err != nil {
				t.Fatal(err)
			}
			ids = append(ids, bustest.Publish(t, b, bustest.Added("KrishnaMohan", 2))...)
			var got bustest.Inbox
			bustest.Consume(t, b, got.Handle)
			bustest.Eventually(t, "the record is buried", func() bool { return len(letters(t, b)) == 1 })
			bustest.Eventually(t, "the events arrive", func() bool { return got.Has(ids...) })
			if reason := letters(t, b)[0].Reason; strings.Contains(reason, "too large") != c.cut {
				t.Errorf("the reason is %q; cut = %v", reason, c.cut)
			}
		})
	}
}

// TestAMemberThatBuries stops soon, whatever the brokers do. One who waits for them does so for ten seconds each time; the
// machine may make anybody late at times.
func TestAMemberThatBuries(t *testing.T) {
	t.Parallel()
	server := kafkatest.New(t)
	url := server.URL + "/?partitions=1"
	b := open(t, url, kafka.Options{})
	bustest.Publish(t, b, bustest.Added("KrishnaMohan", 1))
	served{url}.Write(t, "KrishnaMohan", "no event")
	asked := make(chan struct{}, 1)
	server.Cluster().ControlKey(int16(kmsg.Produce), func(kmsg.Request) (kmsg.Response, error, bool) {
		server.Cluster().KeepControl()
		select {
		case asked <- struct{}{}:
		default:
		}
		return nil, errors.New("the connection breaks"), true
	})
	const most = 5 * time.Second
	quickest := time.Hour
	for tries := 3; tries > 0 && quickest > most; tries-- {
		select {
		case <-asked: // by the member before
		default:
		}
		member := open(t, url, kafka.Options{})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		var got bustest.Inbox
		go func() { ended <- member.Consume(ctx, bus.Subscription{Group: "test"}, got.Handle) }()
		<-asked
		cancel()
		cancelled := time.Now()
		select {
		case err := <-ended:
			if !errors.Is(err, context.Canceled) {
				t.Errorf("Consume = %v, want the error of its context", err)
			}
		case <-time.After(bustest.Patience):
			t.Fatal("Consume does not end with its context")
		}
		quickest = min(quickest, time.Since(cancelled))
	}
	if quickest > most {
		t.Errorf("Consume ends %s after its context", quickest)
	}
}

// TestTheDeadLettersAreDeleted, topic and all; those that come afterwards have a new one.
func TestTheDeadLettersAreDeleted(t *testing.T) {
	t.Parallel()
	server := kafkatest.New(t)
	url := server.URL + "/?partitions=1"
	b := open(t, url, kafka.Options{})
	bustest.Publish(t, b, bustest.Added("KrishnaMohan", 1))
	var got bustest.Inbox
	bustest.Consume(t, open(t, url, kafka.Options{}), got.Handle)
	for range 2 {
		served{url}.Write(t, "KrishnaMohan", "no event")
		bustest.Eventually(t, "the record is buried", func() bool { return len(letters(t, b)) == 1 })
		deleted, err := kadm.NewClient(client(t, url)).DeleteTopic(t.Context(), kafka.Topic+kafka.DeadLettersSuffix)
		if err = errors.Join(err, deleted.Err); err != nil {
			t.Fatal(err)
		}
	}
}

// TestALetterThatComesWhileOthersArePutBack stays.
func TestALetterThatComesWhileOthersArePutBack(t *testing.T) {
	t.Parallel()
	server := kafkatest.New(t)
	url := server.URL + "/?partitions=1"
	b := open(t, url, kafka.Options{})
	bustest.Publish(t, b, bustest.Added("KrishnaMohan", 1))
	served{url}.Write(t, "KrishnaMohan", "no event")
	var got bustest.Inbox
	stop := bustest.Consume(t, b, got.Handle)
	bustest.Eventually(t, "the record is buried", func() bool { return len(letters(t, b)) == 1 })
	stop()
	foreign := client(t, url)
	var isLate atomic.Bool
	server.Cluster().ControlKey(int16(kmsg.Produce), func(kmsg.Request) (kmsg.Response, error, bool) {
		if isLate.Swap(true) {
			return nil, nil, false
		}
		server.Cluster().SleepControl(func() {
			late := &kgo.Record{Topic: kafka.Topic + kafka.DeadLettersSuffix, Value: []byte("late")}
			if err := foreign.ProduceSync(t.Context(), late).FirstErr(); err != nil {
				t.Error(err)
			}
		})
		return nil, nil, false
	})
	if moved, _, err := b.Retry(t.Context(), letters(t, b)[0].ID); moved != 1 || err != nil {
		t.Fatalf("Retry = %d, %v", moved, err)
	}
	if left := letters(t, b); len(left) != 1 || left[0].Fields[0].Value != "late" {
		t.Errorf("the dead letters are %v, want the late one", left)
	}
}

// TestLettersThatGoWhileTheyAreRead are not waited for.
func TestLettersThatGoWhileTheyAreRead(t *testing.T) {
	t.Parallel()
	server := kafkatest.New(t)
	url := server.URL + "/?partitions=1"
	b := open(t, url, kafka.Options{})
	dead := kafka.Topic + kafka.DeadLettersSuffix
	admin := kadm.NewClient(client(t, url))
	if _, err := admin.CreateTopic(t.Context(), 1, 1, nil, dead); err != nil {
		t.Fatal(err)
	}
	if err := client(t, url).ProduceSync(t.Context(), &kgo.Record{Topic: dead}).FirstErr(); err != nil {
		t.Fatal(err)
	}
	server.Cluster().ControlKey(int16(kmsg.Fetch), func(kmsg.Request) (kmsg.Response, error, bool) {
		server.Cluster().SleepControl(func() {
			if _, err := admin.DeleteRecords(t.Context(), kadm.OffsetsFromRecords(kgo.Record{Topic: dead, Offset: 0})); err != nil {
				t.Error(err)
			}
		})
		return nil, nil, false
	})
	ctx, cancel := context.WithTimeout(t.Context(), bustest.Patience)
	defer cancel()
	if list, err := b.DeadLetters(ctx, "", 10); len(list) != 0 || err != nil {
		t.Errorf("DeadLetters = %v, %v, want none", list, err)
	}
}

// TestTheCountOfLetters follows them, also when they are put back and when their topic is deleted.
func TestTheCountOfLetters(t *testing.T) {
	t.Parallel()
	server := kafkatest.New(t)
	url := server.URL + "/?partitions=1"
	registry := prometheus.NewPedanticRegistry()
	b := open(t, url, kafka.Options{Registry: registry, TakeoverAfter: soon})
	bustest.Publish(t, b, bustest.Added("KrishnaMohan", 1))
	var got bustest.Inbox
	stop := bustest.Consume(t, b, got.Handle)
	wantCount := func(want float64, when string) {
		t.Helper()
		bustest.Eventually(t, fmt.Sprintf("%v letters are told of %s", want, when), func() bool {
			return bustest.Gauge(t, registry, "ums_bus_dead_letters", "") == want
		})
	}
	for range 3 {
		served{url}.Write(t, "KrishnaMohan", "no event")
	}
	wantCount(3, "at first")
	stop()
	bustest.ConsumeAs(t, b, bus.Subscription{Group: "another"}, got.Handle) // for which the three are malformed as well
	wantCount(6, "by two groups")
	if _, _, err := b.Retry(t.Context(), letters(t, b)[0].ID, letters(t, b)[4].ID); err != nil {
		t.Fatal(err)
	}
	wantCount(6, "after two were put back and buried again")
	served{url}.Write(t, "KrishnaMohan", "no event")
	wantCount(7, "after one more")
	if _, err := kadm.NewClient(client(t, url)).DeleteTopic(t.Context(), kafka.Topic+kafka.DeadLettersSuffix); err != nil {
		t.Fatal(err)
	}
	wantCount(0, "after the deletion")
	served{url}.Write(t, "KrishnaMohan", "no event")
	wantCount(1, "in the new topic")
}
