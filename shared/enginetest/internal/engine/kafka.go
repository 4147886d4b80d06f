package engine

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"
)

// testKafkaURL is the variable that names a Kafka for the tests of all processes of this machine.
const testKafkaURL = "TEST_KAFKA_URL"

// kafkaWait is how long a broker may take to be ready: it is a Java program on a machine that tests keep busy.
const kafkaWait = 2 * time.Minute

// oldestJava is what brokers of Kafka 4 need.
const oldestJava = 17

// KafkaSources are the ways to come by a Kafka that tests share, each in topics of its own.
func (h *Host) KafkaSources() []Source {
	return append([]Source{{Name: testKafkaURL, Start: h.borrowKafka}}, h.PrivateKafkaSources()...)
}

// PrivateKafkaSources are those for a broker that one test has to itself.
func (h *Host) PrivateKafkaSources() []Source {
	return []Source{{Name: "Java (org.apache.kafka " + kafkaVersion() + ")", Start: h.kafkaOnJava}}
}

func (h *Host) borrowKafka(ctx context.Context) (*Server, error) {
	raw := h.Getenv(testKafkaURL)
	if raw == "" {
		return nil, absent("it is not set")
	}
	ctx, cancel := context.WithTimeout(ctx, borrowWait)
	defer cancel()
	engine, err := identifyKafka(ctx, raw, "")
	if err != nil {
		return nil, err
	}
	return &Server{Control: borrowed{}, Engine: engine, URL: raw}, nil
}

// kafkaOnJava runs a broker, which is its own controller, from Apache's own artifacts.
func (h *Host) kafkaOnJava(ctx context.Context) (*Server, error) {
	java, err := h.lookJava(ctx)
	if err != nil {
		return nil, err
	}
	jars, err := h.kafkaJars(ctx)
	if err != nil {
		return nil, err
	}
	id := make([]byte, 16)
	_, _ = rand.Read(id) // it never fails
	cluster := base64.RawURLEncoding.EncodeToString(id)
	options := []string{
		"-Xms64m", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
		"-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", filepath.Join(jars, "*"),
	}
	return h.run(ctx, program{
		name: "kafka",
		path: java,
		prepare: func(ctx context.Context, dir string) error {
			if err := os.WriteFile(propertiesPath(dir), []byte(kafkaProperties(dir, 0, 0)), 0o600); err != nil {
				return fmt.Errorf("write the broker's configuration: %w", err)
			}
			format := exec.CommandContext(ctx, java,
				append(slices.Clone(options), "kafka.tools.StorageTool", "format", "-t", cluster, "-c", propertiesPath(dir))...)
			if out, err := format.CombinedOutput(); err != nil {
				return fmt.Errorf("format the broker's folder: %w; it says: %s", err, tail(out))
			}
			return nil
		},
		args: func(dir string, port int) []string {
			args := append(slices.Clone(options), "kafka.Kafka", propertiesPath(dir))
			controller, _ := freePort() // on 0 the start fails, and tells why
			for property := range strings.Lines(kafkaProperties(dir, port, controller)) {
				args = append(args, "--override", strings.TrimSpace(property))
			}
			return args
		},
		url: func(port int) string { return "kafka://" + loopback(port) },
		identify: func(ctx context.Context, url string, _ int) (string, error) {
			return identifyKafka(ctx, url, cluster)
		},
		every: 100 * time.Millisecond,
		wait:  kafkaWait,
	})
}

func propertiesPath(dir string) string { return filepath.Join(dir, "server.properties") }

// kafkaProperties configure a broker that is alone and whose groups do not wait for anything.
func kafkaProperties(dir string, port, controller int) string {
	return strings.Join([]string{
		"process.roles=broker,controller",
		"node.id=1",
		"controller.quorum.voters=1@" + loopback(controller),
		"controller.listener.names=CONTROLLER",
		"listeners=PLAINTEXT://" + loopback(port) + ",CONTROLLER://" + loopback(controller),
		"advertised.listeners=PLAINTEXT://" + loopback(max(port, 1)),
		"log.dirs=" + filepath.Join(dir, "data"),
		"auto.create.topics.enable=false",
		"offsets.topic.replication.factor=1",
		"offsets.topic.num.partitions=1",
		"transaction.state.log.replication.factor=1",
		"transaction.state.log.min.isr=1",
		"group.initial.rebalance.delay.ms=0",
		"group.min.session.timeout.ms=100",
		"log.cleaner.enable=false",
	}, "\n")
}

// lookJava finds a Java that is new enough.
func (h *Host) lookJava(ctx context.Context) (string, error) {
	java, err := h.lookPath("java")
	if err != nil {
		return "", err
	}
	out, err := exec.CommandContext(ctx, java, "-version").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("ask %s for its version: %w", java, err)
	}
	found := regexp.MustCompile(`version "([0-9]+)`).FindSubmatch(out)
	if found == nil {
		return "", absent("%s does not tell its version", java)
	}
	if version, _ := strconv.Atoi(string(found[1])); version < oldestJava {
		return "", absent("%s is Java %d; Kafka %s needs %d", java, version, kafkaVersion(), oldestJava)
	}
	return java, nil
}

// identifyKafka asks a broker for its version. If cluster is not empty, it must be of that cluster: another broker may
// have taken its port.
func identifyKafka(ctx context.Context, raw, cluster string) (string, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "kafka" || u.Host == "" {
		return "", errors.New("the URL is not of the form kafka://host:port")
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(u.Host), kgo.RequestRetries(0))
	if err != nil {
		return "", fmt.Errorf("make a client of Kafka: %w", err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	metadata, err := kmsg.NewPtrMetadataRequest().RequestWith(ctx, client)
	if err != nil {
		return "", fmt.Errorf("ask Kafka who it is: %w", err)
	}
	if len(metadata.Brokers) == 0 {
		return "", errors.New("the Kafka cluster has no broker yet")
	}
	if cluster != "" && (metadata.ClusterID == nil || *metadata.ClusterID != cluster) {
		return "", fmt.Errorf("%w: another Kafka answers", errPortTaken)
	}
	versions, err := kmsg.NewPtrApiVersionsRequest().RequestWith(ctx, client)
	if err != nil {
		return "", fmt.Errorf("ask Kafka for its version: %w", err)
	}
	return "Kafka " + kversion.FromApiVersionsResponse(versions).VersionGuess(), nil
}

// KafkaTool runs one of Kafka's own command-line tools by the name of its class, and returns what it prints.
func (h *Host) KafkaTool(ctx context.Context, class string, args ...string) (string, error) {
	java, err := h.lookJava(ctx)
	if err != nil {
		return "", err
	}
	jars, err := h.kafkaJars(ctx)
	if err != nil {
		return "", err
	}
	command := exec.CommandContext(ctx, java, append([]string{
		"-XX:TieredStopAtLevel=1", "-Dorg.slf4j.simpleLogger.defaultLogLevel=error", "-cp", filepath.Join(jars, "*"), class,
	}, args...)...)
	out, err := command.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return string(out), fmt.Errorf("run %s: %w; it says: %s", class, err, tail(exit.Stderr))
	}
	return string(out), err
}
