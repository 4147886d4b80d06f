package kafka_test

import (
	"crypto/rand"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kversion"

	"github.com/glarimy/ums/shared/bus"
	"github.com/glarimy/ums/shared/bus/bustest"
	"github.com/glarimy/ums/shared/bus/kafka"
	"github.com/glarimy/ums/shared/bus/kafka/kafkatest"
	"github.com/glarimy/ums/shared/enginetest"
	"github.com/glarimy/ums/shared/event"
)

// TestConsole reads an event as an operator does, with Kafka's own tool.
func TestConsole(t *testing.T) {
	t.Parallel()
	server := enginetest.Kafka(t)
	e := bustest.Added("KrishnaMohan", 42)
	e.ID = "6f1c2b9a-3b7e-4c1d-9f27-1f0c3a5b7d11"
	bustest.Publish(t, open(t, server.URL, kafka.Options{}), e)
	got := enginetest.KafkaTool(t, "org.apache.kafka.tools.consumer.ConsoleConsumer",
		"--bootstrap-server", server.Addr, "--topic", server.Topic, "--from-beginning", "--max-messages", "1",
		"--timeout-ms", "60000", "--formatter-property", "print.key=true", "--formatter-property", "print.headers=true",
		"--formatter-property", "key.separator= | ", "--formatter-property", "headers.separator=, ")
	want := "id:6f1c2b9a-3b7e-4c1d-9f27-1f0c3a5b7d11, content-type:application/json, ce_specversion:1.0, " +
		"ce_id:6f1c2b9a-3b7e-4c1d-9f27-1f0c3a5b7d11, ce_source:/ums/add, ce_type:com.glarimy.ums.user.added, " +
		"ce_subject:KrishnaMohan, ce_time:2022-09-12T10:00:00.000000Z, ce_sequence:00000000000000000042" +
		` | KrishnaMohan | {"name": "KrishnaMohan"}` + "\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the console shows (-want +got):\n%s", diff)
	}
	t.Logf("%s: %s", server.Engine, got)
}

// TestTheTopicIsDurable looks at the topics that the bus makes.
func TestTheTopicIsDurable(t *testing.T) {
	t.Parallel()
	server := kafkatest.New(t)
	b := open(t, server.URL+"/events?partitions=4", kafka.Options{Retention: 36e11})
	bustest.Publish(t, b, bustest.Added("KrishnaMohan", 1))
	admin := kadm.NewClient(client(t, server.URL))
	topics, err := admin.ListTopics(t.Context(), "events")
	if err != nil || len(topics["events"].Partitions) != 4 || topics["events"].Partitions.NumReplicas() != 3 {
		t.Errorf("the topic is %+v, %v, want 4 partitions of 3 replicas", topics, err)
	}
	configs, err := admin.DescribeTopicConfigs(t.Context(), "events")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, c := range configs[0].Configs {
		got[c.Key] = c.MaybeValue()
	}
	for key, want := range map[string]string{
		"min.insync.replicas": "2", "retention.ms": "3600000", "unclean.leader.election.enable": "false",
		"message.timestamp.type": "LogAppendTime", "cleanup.policy": "delete",
	} {
		if got[key] != want {
			t.Errorf("%s is %q, want %q", key, got[key], want)
		}
	}
}

// TestTooFewBrokers says what to do where a topic would not be as durable as it should.
func TestTooFewBrokers(t *testing.T) {
	t.Parallel()
	server := kafkatest.New(t, kfake.NumBrokers(1), kfake.Ports(0))
	results := open(t, server.URL, kafka.Options{}).Publish(t.Context(), bustest.Many(1))
	if results == nil || !strings.Contains(results[0].Error(), "replication=1") {
		t.Errorf("Publish = %v, want what to do", results)
	}
	bustest.Publish(t, open(t, server.URL+"?replication=1", kafka.Options{}), bustest.Many(1)...)
}

// TestATopicThatForgetsIsToldOf warns once of a topic that is less durable than the URL says.
func TestATopicThatForgetsIsToldOf(t *testing.T) {
	t.Parallel()
	server := kafkatest.New(t)
	one := "1"
	_, err := kadm.NewClient(client(t, server.URL)).CreateTopic(t.Context(), 1, 1,
		map[string]*string{"min.insync.replicas": &one}, kafka.Topic)
	if err != nil {
		t.Fatal(err)
	}
	var logs bustest.Logbook
	b := open(t, server.URL, kafka.Options{Logger: logs.Logger()})
	for range 2 {
		bustest.Publish(t, b, bustest.Many(1)...)
	}
	for _, want := range []string{"fewer replicas", "min.insync.replicas"} {
		if n := logs.Count(want); n != 1 {
			t.Errorf("the log tells %d times of %s, want once", n, want)
		}
	}
}

// TestAnEventThatIsTooLarge for the topic is refused, and holds back its user alone.
func TestAnEventThatIsTooLarge(t *testing.T) {
	t.Parallel()
	server := kafkatest.New(t, kfake.BrokerConfigs(map[string]string{"message.max.bytes": "2000"}))
	events := []event.Event{
		bustest.Added("KrishnaMohan", 1), bustest.Added("KrishnaMohan", 2), bustest.Added("AnotherUser", 3),
		bustest.Added("KrishnaMohan", 4),
	}
	var noise strings.Builder // that no compression makes small
	for range 200 {
		noise.WriteString(rand.Text())
	}
	events[1].Data = []byte(`"0123` + noise.String() + `"`)
	b := open(t, server.URL+"?partitions=1", kafka.Options{}) // in which all are one batch
	results := b.Publish(t.Context(), events)
	if len(results) != 4 || results[0] != nil || results[2] != nil {
		t.Fatalf("Publish = %v, want the first and the third to be sent", results)
	}
	if _, refused := errors.AsType[*bus.RefusedError](results[1]); !refused || strings.Contains(results[1].Error(), "0123") {
		t.Errorf("the second = %v, want a RefusedError without its data", results[1])
	}
	if !errors.Is(results[3], bus.ErrHeldBack) {
		t.Errorf("the fourth = %v, want ErrHeldBack", results[3])
	}
	var got bustest.Inbox
	bustest.Consume(t, b, got.Handle)
	bustest.Eventually(t, "the two that were sent arrive", func() bool { return len(got.Events()) == 2 })
}

// TestSecured connects with TLS and each kind of SASL, and not with a wrong password.
func TestSecured(t *testing.T) {
	t.Parallel()
	web := httptest.NewTLSServer(nil)
	t.Cleanup(web.Close)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: web.Certificate().Raw})
	if err := os.WriteFile(ca, block, 0o600); err != nil {
		t.Fatal(err)
	}
	for parameter, mechanism := range map[string]string{
		"plain": "PLAIN", "scram-sha-256": "SCRAM-SHA-256", "scram-sha-512": "SCRAM-SHA-512",
	} {
		t.Run(parameter, func(t *testing.T) {
			t.Parallel()
			server := kafkatest.New(t, kfake.EnableSASL(), kfake.Superuser(mechanism, "ums", "s3cret"),
				kfake.TLS(&tls.Config{Certificates: web.TLS.Certificates, MinVersion: tls.VersionTLS12}))
			url := strings.Replace(server.URL, "kafka://", "kafka://ums@", 1) +
				"?tls=true&tls_ca=" + ca + "&sasl=" + parameter
			b := open(t, url, kafka.Options{Password: "s3cret"})
			ids := bustest.Publish(t, b, bustest.Many(3)...)
			var got bustest.Inbox
			bustest.Consume(t, b, got.Handle)
			bustest.Eventually(t, "the events arrive", func() bool { return got.Has(ids...) })

			for what, wrong := range map[string]*kafka.Bus{
				"a wrong password": open(t, url, kafka.Options{Password: "wr0ng"}),
				"no authority":     open(t, strings.Replace(url, "&tls_ca="+ca, "", 1), kafka.Options{Password: "s3cret"}),
			} {
				results := wrong.Publish(t.Context(), bustest.Many(1))
				if results == nil || strings.Contains(results[0].Error(), "wr0ng") {
					t.Errorf("with %s: Publish = %v, want trouble without the password", what, results)
				} else if _, refused := errors.AsType[*bus.RefusedError](results[0]); refused {
					t.Errorf("with %s the event is at fault: %v", what, results[0])
				}
			}
		})
	}
}

// TestACommitOfADeletedTopic does not count for the topic that takes its place while no member is there.
func TestACommitOfADeletedTopic(t *testing.T) {
	t.Parallel()
	server := kafkatest.New(t)
	b := open(t, server.URL+"/events?partitions=1", kafka.Options{})
	url := server.URL + "/events"
	var got bustest.Inbox
	stop := bustest.Consume(t, b, got.Handle)
	before := bustest.Publish(t, b, bustest.Many(10)...)
	bustest.Eventually(t, "the first events arrive", func() bool { return got.Has(before...) })
	stop()
	admin := kadm.NewClient(client(t, url))
	committed, err := admin.FetchOffsets(t.Context(), group(url, "test"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := admin.DeleteTopic(t.Context(), "events"); err != nil {
		t.Fatal(err)
	}
	after := bustest.Publish(t, b, bustest.Many(20)...)
	// A commit that was on its way when the topic went: brokers take it for the new topic.
	late := kadm.NewClient(client(t, url, kgo.MaxVersions(kversion.V3_6_0()))) // which commits by name
	if err := late.CommitAllOffsets(t.Context(), group(url, "test"), committed.Offsets()); err != nil {
		t.Fatal(err)
	}
	bustest.Consume(t, b, got.Handle)
	bustest.Eventually(t, "all events of the new topic arrive", func() bool { return got.Has(after...) })
}

// TestTheKeyIsTheUser, so that any client's partitioner puts a user's events into one partition.
func TestTheKeyIsTheUser(t *testing.T) {
	t.Parallel()
	server := kafkatest.New(t)
	e := bustest.Added("ಕೃಷ್ಣಮೋಹನ", 2)
	e.Actor, e.Data = "someone", []byte("{ \"phone\" :9731423166}\n")
	bustest.Publish(t, open(t, server.URL, kafka.Options{}), e)
	c := client(t, server.URL, kgo.ConsumeTopics(kafka.Topic), kgo.ConsumeStartOffset(kgo.NewOffset().AtStart()))
	records := c.PollFetches(t.Context()).Records()
	if len(records) != 1 || string(records[0].Key) != e.User || string(records[0].Value) != string(e.Data) {
		t.Fatalf("the topic has %+v", records)
	}
	headers := map[string]string{}
	for _, h := range records[0].Headers {
		headers[h.Key] = string(h.Value)
	}
	want := map[string]string{
		"id": e.ID, "content-type": "application/json", "ce_specversion": "1.0", "ce_id": e.ID, "ce_source": "/ums/add",
		"ce_type": "com.glarimy.ums.user.added", "ce_subject": e.User, "ce_time": "2022-09-12T10:00:00.000000Z",
		"ce_sequence": "00000000000000000002", "ce_actor": "someone",
	}
	if diff := cmp.Diff(want, headers); diff != "" {
		t.Errorf("the headers (-want +got):\n%s", diff)
	}
}

// TestTheCodecNeedsNoLibrary of a broker, a console or a consumer in another language, as that of snappy does.
func TestTheCodecNeedsNoLibrary(t *testing.T) {
	t.Parallel()
	server := kafkatest.New(t)
	e := bustest.Added("KrishnaMohan", 1)
	e.Data = []byte(`{"much":"` + strings.Repeat("of the same ", 100) + `"}`) // what does not shrink is sent as it is
	bustest.Publish(t, open(t, server.URL, kafka.Options{}), e)
	c := client(t, server.URL, kgo.ConsumeTopics(kafka.Topic), kgo.ConsumeStartOffset(kgo.NewOffset().AtStart()))
	records := c.PollFetches(t.Context()).Records()
	const gzip = 1 // https://kafka.apache.org/documentation/#recordbatch
	if len(records) != 1 || records[0].Attrs.CompressionType() != gzip {
		t.Errorf("the topic has %+v, want one record in gzip", records)
	}
}
