package transport_test

import (
	"strings"
	"testing"

	"github.com/glarimy/ums/shared/bus/transport"
)

func TestOpenTellsWhatIsWrong(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"":                                         "EVENTS_URL is not set",
		"nats://host:4222":                         "must begin with redis://, rediss:// or kafka://",
		"localhost:6379":                           "must begin with redis://",
		"redis://u:secret@host:port/0":             "EVENTS_URL: ",
		"redis://u:secret@host/zero":               "EVENTS_URL: ",
		"kafka://":                                 "EVENTS_URL: a broker is not of the form host:9092",
		"kafka://u:secret@host:port/topic":         "EVENTS_URL: a broker is not of the form host:9092",
		"kafka://u:secret@host":                    "EVENTS_URL: there is a user or a password, but no sasl=",
		"kafka://host?sasl=plain":                  "EVENTS_URL: sasl=… needs a user and a password",
		"kafka://u:secret@host?sasl=gssapi":        "EVENTS_URL: sasl is none of",
		"kafka://host/a%20topic":                   "EVENTS_URL: the topic has a name",
		"kafka://host?replicas=3":                  `EVENTS_URL: there is no parameter "replicas"`,
		"kafka://host?replication=2&min_insync=3":  "EVENTS_URL: min_insync is greater than replication",
		"kafka://host?partitions=0":                "EVENTS_URL: partitions is no number from 1 to",
		"kafka://host?tls_ca=/nowhere":             "EVENTS_URL: there are files of TLS, but no tls=true",
		"kafka://host?tls=true&tls_ca=/nowhere/at": "EVENTS_URL: tls_ca: open /nowhere/at",
		"kafka://host?tls=yes":                     "EVENTS_URL: tls is neither true nor false",
		"kafka://host?tls=true&tls=true":           "EVENTS_URL: tls is there more than once",
	} {
		_, err := transport.Config{URL: url}.Open(transport.Dependencies{})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got %v, want %q and no password", url, err, want)
		}
	}
	_, err := transport.Config{URL: "kafka://host", MaxLength: 1}.Open(transport.Dependencies{})
	if err == nil || !strings.Contains(err.Error(), "EVENTS_MAX_LENGTH is set, and Kafka bounds") {
		t.Errorf("a length with Kafka: got %v", err)
	}
}

func TestOpen(t *testing.T) {
	t.Parallel()
	for _, c := range []transport.Config{
		{URL: "rediss://u:secret@127.0.0.1:1/0"},
		{URL: "kafka://127.0.0.1:1,localhost,[::1]:9092/my.topic?partitions=12&replication=1"},
		{URL: "kafka://u:secret@127.0.0.1:1?sasl=scram-sha-512&tls=true"},
		{URL: "kafka://u@127.0.0.1:1?sasl=plain", Password: "s3cret"},
	} {
		b, err := c.Open(transport.Dependencies{})
		if err != nil {
			t.Errorf("%s: %v", c.URL, err)
			continue
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}
}
