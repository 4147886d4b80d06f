// Package writes measures what POST /user costs beside the transaction that it must make at least, on the same database
// and at the same concurrency, how long its events take to the bus, and its users to the journal and to search. It also
// measures that reads do not wait for the bus.
package writes

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/glarimy/ums/bench/dataset"
	"github.com/glarimy/ums/bench/report"
)

// Bench is the benchmark of the add slot. It starts each service in a process of its own, which is this program again with
// the argument "serve" and the service's name.
type Bench struct {
	Stdin    io.Reader // whose end ends the service
	Progress io.Writer // is told what is being done; the result goes to stdout
}

// options are what the command line says.
type options struct {
	rounds      int
	duration    time.Duration
	connections int
	lagTime     time.Duration
	readTime    time.Duration
	profile     string
}

// Run is the command. Its engines are in TEST_DATABASE_URL and TEST_REDIS_URL; it takes databases of its own on the one,
// and keys of its own and the stream of events in the other.
func (b Bench) Run(ctx context.Context, args []string, getenv func(string) string, stdout io.Writer) error {
	if len(args) == 2 && args[0] == "serve" {
		return b.serve(ctx, args[1], getenv, stdout)
	}
	var o options
	flags := flag.NewFlagSet("writes", flag.ContinueOnError)
	flags.SetOutput(b.Progress)
	flags.IntVar(&o.rounds, "rounds", 7, "how often each is measured")
	flags.DurationVar(&o.duration, "duration", 2*time.Second, "how long each time")
	flags.IntVar(&o.connections, "connections", 32, "writers at the same time")
	flags.DurationVar(&o.lagTime, "lag", 20*time.Second, "how long the way of events to the bus is measured, at half of the rate")
	flags.DurationVar(&o.readTime, "reads", 5*time.Second, "how long reads are measured beside a bus that hangs")
	flags.StringVar(&o.profile, "profile", "", "write a CPU profile of the service in the last round to this `file`")
	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return nil
	case err != nil:
		return err
	case flags.NArg() > 0:
		return fmt.Errorf("unknown argument %q: see -help", flags.Arg(0))
	case o.rounds < 1 || o.duration <= 0 || o.connections < 1 || o.lagTime <= 0 || o.readTime <= 0:
		return errors.New("rounds, duration, connections, lag and reads must be positive")
	}
	return b.run(ctx, o, getenv, stdout)
}

func (b Bench) run(ctx context.Context, o options, getenv func(string) string, stdout io.Writer) (err error) {
	databaseURL, redisURL := getenv("TEST_DATABASE_URL"), getenv("TEST_REDIS_URL")
	if databaseURL == "" || redisURL == "" {
		return errors.New("TEST_DATABASE_URL and TEST_REDIS_URL are not both set: run `make bench-writes`, " +
			"or go run ./shared/enginetest/cmd/engines -disk -- go run ./bench/cmd/writes")
	}
	busy := report.LoadAverage()
	dir, err := os.MkdirTemp("", "ums-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	var sets [2]*dataset.Set // a database each, so that the relay has nothing to do with what the bare program writes
	for i := range sets {
		if sets[i], err = dataset.Store(ctx, databaseURL, redisURL, 1); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, sets[i].Close(context.WithoutCancel(ctx))) }()
	}
	events, err := openEvents(ctx, redisURL)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, events.close(context.WithoutCancel(ctx))) }()
	key := make([]byte, sha256.Size)
	_, _ = rand.Read(key) // it never fails
	m := &measurement{
		options: o, progress: b.Progress, events: events, set: sets[1], dir: dir,
		cursorKey: base64.StdEncoding.EncodeToString(key),
		prober:    &http.Client{Timeout: lookAtAll, Transport: &http.Transport{MaxIdleConnsPerHost: 2 * probes}},
	}
	defer m.prober.CloseIdleConnections()
	defer func() { err = errors.Join(err, m.close()) }()
	if err := m.start(ctx, sets[0].DatabaseURL); err != nil {
		return err
	}
	if err := m.measure(ctx); err != nil {
		return err
	}
	if err := m.measureReads(ctx); err != nil {
		return err
	}
	return m.write(stdout, busy)
}
