package gateways

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/glarimy/ums/bench/process"
	"github.com/glarimy/ums/bench/report"
	"github.com/glarimy/ums/gateway/safety"
)

// The upstream under overload serves slots requests at a time in takes each: a capacity of 1,000 requests/s, which does not
// depend on the CPUs that it shares with the load.
const (
	slots    = 10
	takes    = 10 * time.Millisecond
	capacity = float64(slots) / 0.010 // requests/s
	// waiting is how many connections an overload takes: so many requests can be late at a time.
	waiting = 1024
	// overloadTime is long enough for the gateway to find out what the upstream bears.
	overloadTime = 8 * time.Second
	// overloadTries is how often a sample is taken at most: it is longer than others.
	overloadTries = 3
	// overloaded names the gateway's folder: the one that was measured before has files of its own, and watches them.
	overloaded = ours + "-overload"
)

// overload asks our gateway for half of the upstream's capacity, for all of it, and for twice as much.
func (r *run) overload(ctx context.Context) (string, error) {
	addr, err := r.startUpstream(ctx, fmt.Sprintf("SLOTS=%d", slots), "TAKES="+takes.String())
	if err != nil {
		return "", err
	}
	chosen := peer{name: overloaded, label: "UMS gateway", prepare: prepareOurs}
	started, err := r.start(ctx, []peer{chosen}, addr)
	if err != nil {
		return "", errors.Join(err, errors.New(strings.Join(r.notes, "; ")))
	}
	var taken stolen
	var b strings.Builder
	fmt.Fprintf(&b, `## Overload

An upstream that serves %d requests at a time, %v each, asked over %d connections at a constant rate, in an open loop.
Latencies are those of all answers, and count from when a request was due. Shed is what was answered with another status
than 200. %v each; machine and versions as above.

| asked | served/s | p50 | p99 | shed | CPU per request |
|---|---:|---:|---:|---:|---:|
`, slots, takes, waiting, r.overloadTime())
	for _, times := range []float64{0.5, 1, 2} {
		r.say("%g times the capacity", times)
		line, err := undisturbed(ctx, &taken, overloadTries, readProcessorTime, func() (string, error) {
			return r.overloadOnce(ctx, started[0], times)
		})
		if err != nil {
			return "", err
		}
		b.WriteString(line)
	}
	fmt.Fprintf(&b, "\n%s.\n", &taken)
	return b.String(), nil
}

func (r *run) overloadTime() time.Duration { return max(overloadTime, r.options.duration) }

func (r *run) overloadOnce(ctx context.Context, s *server, times float64) (line string, err error) {
	client, err := s.dial(ctx, waiting)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, client.Close()) }()
	before, err := s.usage()
	if err != nil {
		return "", err
	}
	result, err := client.RunAt(ctx, r.overloadTime(), times*capacity)
	if err != nil {
		return "", err
	}
	after, err := s.usage()
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("| %g × capacity (%s/s) | %s | %s | %s | %.1f %% | %s |\n", times, report.Thousands(times*capacity),
		report.Thousands(result.PerSecond()*(1-float64(result.Failed)/float64(result.Requests))),
		report.Seconds(result.Percentile(50).Seconds()), report.Seconds(result.Percentile(99).Seconds()),
		100*float64(result.Failed)/float64(result.Requests),
		report.Seconds((after.CPU-before.CPU).Seconds()/float64(result.Requests))), nil
}

// prepareTable starts a gateway for the safety table.
func (r *run) prepareTable(ctx context.Context, p peer, suite *safety.Suite) (*server, error) {
	started, err := r.startOne(ctx, p, site{routes: suite.Routes()})
	if started != nil {
		r.servers = append(r.servers, started)
	}
	if err != nil {
		return nil, err
	}
	ready, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	return started, started.process.Wait(ready, func(ctx context.Context) error { return listens(ctx, started.process) })
}

func listens(ctx context.Context, p *process.Process) error {
	conn, err := dialRaw(ctx, p.Addr)
	if err != nil {
		return err
	}
	return conn.Close()
}
