package kafka

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

// Topic is the topic of events where the URL names none.
const Topic = "ums.user.events"

// DeadLettersSuffix is what the name of the topic of dead letters has more than that of events.
const DeadLettersSuffix = ".dead-letters"

// What a topic has that the bus makes, where the URL says nothing else.
const (
	defaultPartitions  = 6
	defaultReplication = 3
	defaultPort        = "9092"
)

// The values of the parameter sasl.
const (
	mechanismPlain = "plain"
	mechanism256   = "scram-sha-256"
	mechanism512   = "scram-sha-512"
)

// address is what an URL says.
type address struct {
	brokers     []string // host:port
	topic       string
	partitions  int32
	replication int16
	minInsync   int16
	tls         *tls.Config // nil is none
	mechanism   string      // of SASL; "" is none
	sasl        sasl.Mechanism
}

func (a address) deadLetters() string { return a.topic + DeadLettersSuffix }

const form = "kafka://host:9092,host:9092/topic"

// parseURL reads an URL. It may name several hosts, which package net/url does not take.
func parseURL(raw, password string) (address, error) {
	rest, isKafka := strings.CutPrefix(raw, "kafka://")
	if !isKafka {
		return address{}, errors.New("the URL does not begin with kafka://")
	}
	authority, tail := rest, ""
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		authority, tail = rest[:end], rest[end:]
	}
	userinfo, hosts := "", authority
	if at := strings.LastIndex(authority, "@"); at >= 0 {
		userinfo, hosts = authority[:at], authority[at+1:]
	}
	parsed, err := url.Parse("kafka://host" + tail)
	if err != nil || parsed.Fragment != "" {
		return address{}, errors.New("the URL is not of the form " + form)
	}
	a := address{topic: cmp.Or(strings.Trim(parsed.Path, "/"), Topic)}
	if a.brokers, err = parseHosts(hosts); err != nil {
		return address{}, err
	}
	if !regexp.MustCompile(`^[a-zA-Z0-9._-]{1,200}$`).MatchString(a.topic) || strings.Trim(a.topic, ".") == "" {
		return address{}, errors.New("the topic has a name that Kafka does not take: " +
			"letters, digits, dots, - and _, 200 of them at most")
	}
	parameters, err := url.ParseQuery(parsed.RawQuery)
	if err != nil {
		return address{}, errors.New("what follows the ? is not of the form name=value&name=value")
	}
	return a.with(parameters, userinfo, password)
}

func parseHosts(list string) ([]string, error) {
	var brokers []string
	for host := range strings.SplitSeq(list, ",") {
		name, port, err := net.SplitHostPort(host)
		if err != nil {
			name, port = strings.Trim(host, "[]"), defaultPort
		}
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 || name == "" || strings.ContainsAny(name, " /") {
			return nil, errors.New("a broker is not of the form host:9092; the URL is " + form)
		}
		brokers = append(brokers, net.JoinHostPort(name, port))
	}
	return brokers, nil
}

// with returns the address with what the parameters say.
func (a address) with(parameters url.Values, userinfo, password string) (address, error) {
	p := reader{values: parameters}
	a.partitions = int32(p.number("partitions", defaultPartitions, 1000))          //nolint:gosec // it is bounded
	a.replication = int16(p.number("replication", defaultReplication, 100))        //nolint:gosec // likewise
	a.minInsync = int16(p.number("min_insync", max(int(a.replication)-1, 1), 100)) //nolint:gosec // likewise
	if a.minInsync > a.replication {
		p.wrong("min_insync is greater than replication: no event could be published")
	}
	a.tls = p.tls()
	a.mechanism = p.text("sasl")
	user, own, _ := strings.Cut(userinfo, ":")
	user, userErr := url.PathUnescape(user)
	own, ownErr := url.PathUnescape(own)
	if userErr != nil || ownErr != nil {
		p.wrong("the user or the password is not percent-encoded")
	}
	a.sasl = p.sasl(a.mechanism, user, cmp.Or(password, own))
	return a, p.err()
}

// reader reads parameters, and remembers what is wrong.
type reader struct {
	values url.Values
	known  []string
	errs   []error
}

func (r *reader) wrong(format string, args ...any) {
	r.errs = append(r.errs, fmt.Errorf(format, args...))
}

func (r *reader) text(name string) string {
	r.known = append(r.known, name)
	if len(r.values[name]) > 1 {
		r.wrong("%s is there more than once", name)
	}
	return r.values.Get(name)
}

func (r *reader) number(name string, otherwise, most int) int {
	text := r.text(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > most {
		r.wrong("%s is no number from 1 to %d", name, most)
		return otherwise
	}
	return n
}

// tls reads whether and how connections are encrypted; nil is not at all.
func (r *reader) tls() *tls.Config {
	ca, cert, key := r.text("tls_ca"), r.text("tls_cert"), r.text("tls_key")
	switch r.text("tls") {
	case "true":
	case "", "false":
		if ca+cert+key != "" {
			r.wrong("there are files of TLS, but no tls=true")
		}
		return nil
	default:
		r.wrong("tls is neither true nor false")
		return nil
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if ca != "" {
		pem, err := os.ReadFile(ca)
		c.RootCAs = x509.NewCertPool()
		if err != nil {
			r.wrong("tls_ca: %w", err)
		} else if !c.RootCAs.AppendCertsFromPEM(pem) {
			r.wrong("tls_ca: %s holds no certificate in PEM", ca)
		}
	}
	if (cert == "") != (key == "") {
		r.wrong("of tls_cert and tls_key one is missing")
	} else if cert != "" {
		pair, err := tls.LoadX509KeyPair(cert, key)
		if err != nil {
			r.wrong("tls_cert and tls_key: %w", err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c
}

// sasl reads how the client tells who it is; nil is not at all.
func (r *reader) sasl(mechanism, user, password string) sasl.Mechanism {
	switch {
	case mechanism == "" && user+password != "":
		r.wrong("there is a user or a password, but no sasl=%s, %s or %s", mechanism512, mechanism256, mechanismPlain)
		return nil
	case mechanism != "" && (user == "" || password == ""):
		r.wrong("sasl=… needs a user and a password: kafka://user@host:9092/… and EVENTS_PASSWORD")
		return nil
	}
	switch mechanism {
	case "":
		return nil
	case mechanismPlain:
		return plain.Auth{User: user, Pass: password}.AsMechanism()
	case mechanism256:
		return scram.Auth{User: user, Pass: password}.AsSha256Mechanism()
	case mechanism512:
		return scram.Auth{User: user, Pass: password}.AsSha512Mechanism()
	default:
		r.wrong("sasl is none of %s, %s and %s", mechanism512, mechanism256, mechanismPlain)
		return nil
	}
}

// err tells all that is wrong.
func (r *reader) err() error {
	for name := range r.values {
		if !slices.Contains(r.known, name) {
			r.wrong("there is no parameter %q", name)
		}
	}
	return errors.Join(r.errs...)
}

// dial connects to a broker, with TLS where that is asked for.
func (b *Bus) dial(ctx context.Context, network, host string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	conn, err := b.options.Dial(ctx, network, host)
	if err != nil || b.address.tls == nil {
		return conn, err
	}
	config := b.address.tls.Clone()
	if config.ServerName, _, err = net.SplitHostPort(host); err != nil {
		config.ServerName = host
	}
	secured := tls.Client(conn, config)
	if err := secured.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("TLS with the broker %s: %w", host, err)
	}
	return secured, nil
}
