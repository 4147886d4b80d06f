package main_test

import (
	"crypto/tls"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/glarimy/ums/shared/bus/kafka/kafkatest"
)

// examineBus returns the doctor's lines about the bus.
func examineBus(t *testing.T, env map[string]string) (lines string) {
	t.Helper()
	all, _ := examine(t, env, "-url", "http://127.0.0.1:1", "-data", t.TempDir(), "-admin", "off")
	for line := range strings.Lines(all) {
		if _, rest, _ := strings.Cut(line, " "); strings.HasPrefix(rest, "bus ") {
			lines += line
		}
	}
	return lines
}

// passwordFile returns the path of a file with a password, as a secret is mounted.
func passwordFile(t *testing.T, password string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "password")
	write(t, path, password+"\n")
	return path
}

// TestDoctorOfSecuredRedis knows the bus's password where the URL has none.
func TestDoctorOfSecuredRedis(t *testing.T) {
	t.Parallel()
	server := miniredis.RunT(t)
	server.RequireAuth("s3cret")
	url := "redis://" + server.Addr()
	for _, env := range []map[string]string{
		{"EVENTS_URL": url, "EVENTS_PASSWORD": "s3cret"},
		{"EVENTS_URL": url, "EVENTS_PASSWORD_FILE": passwordFile(t, "s3cret")},
		{"EVENTS_URL": "redis://:old@" + server.Addr(), "EVENTS_PASSWORD": "s3cret"},
	} {
		if lines := examineBus(t, env); strings.Contains(lines, "cannot be reached") || !strings.Contains(lines, "nobody has ever consumed") {
			t.Errorf("with %v:\n%s", env, lines)
		}
	}
	wantLines(t, examineBus(t, map[string]string{"EVENTS_URL": url}), "fail bus the server of EVENTS_URL cannot be reached: NOAUTH")
}

// TestDoctorOfKafka tells of the topic, and of what keeps it from the topic.
func TestDoctorOfKafka(t *testing.T) {
	t.Parallel()
	server := kafkatest.New(t, kfake.EnableSASL(), kfake.Superuser("SCRAM-SHA-512", "ums", "s3cret"), kfake.SeedTopics(4, "events"))
	host := strings.TrimPrefix(server.URL, "kafka://")
	url := func(topic string) string { return "kafka://ums@" + host + "/" + topic + "?sasl=scram-sha-512" }
	for _, env := range []map[string]string{
		{"EVENTS_URL": url("events"), "EVENTS_PASSWORD": "s3cret"},
		{"EVENTS_URL": url("events"), "EVENTS_PASSWORD_FILE": passwordFile(t, "s3cret")},
	} {
		wantLines(t, examineBus(t, env), "ok bus the topic events has 4 partitions of 3 replicas, all in sync", "ok bus it has no dead letters")
	}
	lines := examineBus(t, map[string]string{"EVENTS_URL": url("events") + "&replication=5", "EVENTS_PASSWORD": "s3cret"})
	wantLines(t, lines, "warn bus the topic events has 4 partitions of 3 replicas, and EVENTS_URL says 5")
	lines = examineBus(t, map[string]string{"EVENTS_URL": url("others"), "EVENTS_PASSWORD": "s3cret"})
	wantLines(t, lines, "warn bus the brokers answer, and have no topic others")

	const away = "fail bus the brokers of EVENTS_URL cannot be asked: "
	lines = examineBus(t, map[string]string{"EVENTS_URL": url("events"), "EVENTS_PASSWORD": "hidden"})
	if wantLines(t, lines, away); !strings.Contains(lines, "sasl=") || strings.Contains(lines, "hidden") {
		t.Errorf("a wrong password:\n%s", lines)
	}
	lines = examineBus(t, map[string]string{"EVENTS_URL": "kafka://127.0.0.1:1,127.0.0.1:2/events"})
	if wantLines(t, lines, away); strings.Count(lines, "connection refused") != 2 || strings.Count(lines, "\n") != 1 {
		t.Errorf("no broker:\n%s", lines)
	}

	secured := httptest.NewTLSServer(nil)
	t.Cleanup(secured.Close)
	encrypted := kafkatest.New(t, kfake.TLS(&tls.Config{Certificates: secured.TLS.Certificates, MinVersion: tls.VersionTLS12}))
	lines = examineBus(t, map[string]string{"EVENTS_URL": encrypted.URL + "?tls=true"})
	if wantLines(t, lines, away); !strings.Contains(lines, "TLS with the broker ") {
		t.Errorf("a certificate of nobody's:\n%s", lines)
	}
	lines = examineBus(t, map[string]string{"EVENTS_URL": encrypted.URL})
	if wantLines(t, lines, away); !strings.Contains(lines, "is TLS missing?") {
		t.Errorf("TLS is missing:\n%s", lines)
	}
}
