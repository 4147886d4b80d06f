package gateways

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/glarimy/ums/bench/load"
	"github.com/glarimy/ums/bench/process"
	"github.com/glarimy/ums/bench/report"
)

// measureAll is the whole page: all gateways beside each other, and ours when it is asked too much.
func (r *run) measureAll(ctx context.Context) (string, error) {
	page, err := r.measure(ctx)
	if err != nil || !slices.ContainsFunc(r.servers, func(s *server) bool { return s.name == ours }) {
		return page, err
	}
	overload, err := r.overload(ctx)
	return page + "\n" + overload, err
}

// measure measures every gateway once a round, one after the other, so that whatever else the machine does meets all alike.
func (r *run) measure(ctx context.Context) (string, error) {
	chosen, err := choosePeers(r.options.peers)
	if err != nil {
		return "", err
	}
	upstream, err := r.startUpstream(ctx)
	if err != nil {
		return "", err
	}
	if _, err := r.start(ctx, chosen, upstream); err != nil {
		return "", err
	}
	for _, s := range r.servers {
		if err := s.measureMemory(ctx, r.options.idle); err != nil {
			return "", fmt.Errorf("measure the memory of %s: %w", s.name, err)
		}
	}
	for round := range r.options.rounds {
		r.say("round %d of %d", round+1, r.options.rounds)
		for _, s := range r.servers {
			if err := r.sample(ctx, s); err != nil {
				return "", fmt.Errorf("measure %s: %w", s.name, err)
			}
		}
	}
	return r.page()
}

// sample loads a gateway in a closed loop and then in an open one, with a warm-up before.
func (r *run) sample(ctx context.Context, s *server) (err error) {
	client, err := s.dial(ctx, r.options.connections)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, client.Close()) }()
	if _, err := client.Run(ctx, r.options.duration/4); err != nil {
		return err
	}
	closed, err := undisturbed(ctx, &r.stolen, stolenTries, readProcessorTime, func() (report.Sample, error) {
		return s.load(ctx, client, r.options.duration, 0)
	})
	if err != nil {
		return err
	}
	open, err := undisturbed(ctx, &r.stolen, stolenTries, readProcessorTime, func() (report.Sample, error) {
		return s.load(ctx, client, r.options.duration, r.options.rate)
	})
	s.closed.Samples, s.open.Samples = append(s.closed.Samples, closed), append(s.open.Samples, open)
	return err
}

// load loads the server once and tells what its session has spent on it.
func (s *server) load(ctx context.Context, client *load.Client, d time.Duration, rate float64) (report.Sample, error) {
	before, err := s.usage()
	if err != nil {
		return report.Sample{}, err
	}
	result, err := client.RunAt(ctx, d, rate)
	if err != nil {
		return report.Sample{}, err
	}
	after, err := s.usage()
	s.failed += result.Failed
	return report.Sample{
		PerSecond: result.PerSecond(),
		P50:       result.Percentile(50),
		P99:       result.Percentile(99),
		CPU:       (after.CPU - before.CPU) / time.Duration(result.Requests),
	}, err
}

// usage is zero on a system that does not tell.
func (s *server) usage() (process.Usage, error) {
	u, err := s.process.Usage()
	if errors.Is(err, errors.ErrUnsupported) {
		return process.Usage{}, nil
	}
	return u, err
}

// dial opens connections for a load.
func (s *server) dial(ctx context.Context, connections int) (*load.Client, error) {
	head := "GET " + target + " HTTP/1.1\r\nHost: " + s.process.Addr + "\r\n"
	if s.header != "" {
		head += s.header + "\r\n"
	}
	request := []byte(head + "\r\n")
	sources := make([]load.Source, connections)
	for i := range sources {
		sources[i] = func() []byte { return request }
	}
	return load.DialSources(ctx, s.process.Addr, http.StatusOK, sources)
}

// measureMemory measures the server before its first load, and with idle connections each of which has had an answer.
func (s *server) measureMemory(ctx context.Context, connections int) (err error) {
	u, err := s.usage()
	if err != nil {
		return err
	}
	s.atRest = u.Memory
	client, err := s.dial(ctx, max(connections, 1))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, client.Close()) }()
	if _, err := client.Run(ctx, time.Millisecond); err != nil {
		return err
	}
	if u, err = s.usage(); err != nil {
		return err
	}
	s.idle = u.Memory
	return nil
}

// dialRaw opens one connection.
func dialRaw(ctx context.Context, addr string) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, "tcp", addr)
}
