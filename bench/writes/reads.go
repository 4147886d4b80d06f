package writes

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"

	"github.com/glarimy/ums/bench/load"
)

// readRate is how many reads are made a second, by a few connections: far below what find can do, so that what they
// wait for is seen.
const (
	readRate        = 500
	readConnections = 4
)

// reading is what reads took under one setting of JOURNAL_READS, while the bus hangs.
type reading struct {
	reads  string
	result load.Result
}

// measureReads reads a user through find, with a bus that takes connections and never answers.
func (m *measurement) measureReads(ctx context.Context) (err error) {
	hanging, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, hanging.Close()) }() // the system accepts in its stead
	for _, reads := range []string{"off", "all"} {
		fmt.Fprintf(m.progress, "bench: reads beside a bus that hangs, JOURNAL_READS=%s\n", reads)
		r, err := m.read(ctx, reads, "redis://"+hanging.Addr().String())
		if err != nil {
			return err
		}
		m.reads = append(m.reads, reading{reads, r})
	}
	return nil
}

func (m *measurement) read(ctx context.Context, reads, eventsURL string) (r load.Result, err error) {
	s, err := m.serve(ctx, "find", "JOURNAL_READS="+reads, "EVENTS_URL="+eventsURL)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, s.process.Stop()) }()
	get := fmt.Appendf(nil, "GET /user/%s HTTP/1.1\r\nHost: %s\r\n\r\n", m.set.Users[0].Name, s.addr)
	sources := make([]load.Source, readConnections)
	for i := range sources {
		sources[i] = func() []byte { return get }
	}
	client, err := load.DialSources(ctx, s.addr, http.StatusOK, sources)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, client.Close()) }()
	if _, err := client.RunAt(ctx, m.readTime/5, readRate); err != nil { // a warm-up
		return r, err
	}
	return client.RunAt(ctx, m.readTime, readRate)
}
