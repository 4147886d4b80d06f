// Package kafkatest gives tests a Kafka inside their process. It speaks the protocol of the real one and is there at once;
// for a real broker see enginetest.Kafka.
package kafkatest

import (
	"errors"
	"net"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
)

// Server is a Kafka of three brokers inside the process. Its methods are for one goroutine at a time.
type Server struct {
	// URL has the form of EVENTS_URL.
	URL string

	ports   []int
	dir     string
	more    []kfake.Opt
	cluster *kfake.Cluster // nil while stopped
}

// brokers is how many a server has.
const brokers = 3

// minSession is the shortest session of a group's member that the brokers allow.
const minSession = 50 * time.Millisecond

// New gives tb a server of its own, which ends with it.
func New(tb testing.TB, more ...kfake.Opt) *Server {
	tb.Helper()
	s := &Server{dir: tb.TempDir(), more: more}
	s.ports = make([]int, brokers)
	s.Start(tb)
	for i, address := range s.cluster.ListenAddrs() {
		_, port, err := net.SplitHostPort(address)
		if err != nil {
			tb.Fatal(err)
		}
		if s.ports[i], err = strconv.Atoi(port); err != nil {
			tb.Fatal(err)
		}
	}
	s.URL = "kafka://" + s.cluster.ListenAddrs()[0]
	tb.Cleanup(func() { s.Stop(tb) })
	return s
}

// Stop ends the brokers. They keep what they have.
func (s *Server) Stop(tb testing.TB) {
	tb.Helper()
	if s.cluster != nil {
		s.cluster.Close()
		s.cluster = nil
	}
}

// Start starts stopped brokers at the same addresses.
func (s *Server) Start(tb testing.TB) {
	tb.Helper()
	cluster, err := kfake.NewCluster(append([]kfake.Opt{
		kfake.NumBrokers(brokers), kfake.Ports(s.ports...), kfake.DataDir(s.dir), kfake.GroupMinSessionTimeout(minSession),
		kfake.ListenFn(listen),
	}, s.more...)...)
	if err != nil {
		tb.Fatal(err)
	}
	s.cluster = cluster
}

const (
	portPatience = 20 * time.Second
	portPause    = 50 * time.Millisecond
)

// listen waits for a port that a connection of another program has taken while the brokers were stopped.
func listen(network, address string) (net.Listener, error) {
	for deadline := time.Now().Add(portPatience); ; <-time.After(portPause) {
		l, err := net.Listen(network, address) //nolint:noctx // it takes no time
		if !errors.Is(err, syscall.EADDRINUSE) || time.Now().After(deadline) {
			return l, err
		}
	}
}

// Cluster gives a test's own hand at what the brokers do; nil while they are stopped.
func (s *Server) Cluster() *kfake.Cluster { return s.cluster }
