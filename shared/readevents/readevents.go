// Package readevents tells the event bus of reads: that a user was found, that a list was answered. It is best effort.
// A request never waits for it and never fails by it: what does not fit into a bounded buffer is dropped and counted,
// and so is what the bus does not take.
//
// An event of a read tells who read what when. It holds no phone number and no result: a found event has the user's
// name, a searched event the name of the filter and how many users the page had.
package readevents

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/glarimy/ums/shared/bus"
	"github.com/glarimy/ums/shared/event"
	"github.com/glarimy/ums/shared/header"
)

// Config is what an operator can set of the events of reads.
type Config struct {
	// Reads is off, sampled (one read in Sample) or all; off is the default.
	Reads  string `env:"JOURNAL_READS"        envDefault:"off"`
	Sample uint64 `env:"JOURNAL_READS_SAMPLE" envDefault:"100"`
}

// every returns that one read in so many is told; 0 is none.
func (c Config) every() (uint64, error) {
	switch c.Reads {
	case "off", "":
		return 0, nil
	case "sampled":
		return max(c.Sample, 1), nil
	case "all":
		return 1, nil
	default:
		return 0, fmt.Errorf("JOURNAL_READS is %q: use off, sampled or all", c.Reads)
	}
}

// Dependencies are what a recorder is given. All but the bus are required.
type Dependencies struct {
	Bus      bus.Publisher // nil is none: nothing is told then
	Logger   *slog.Logger
	Registry prometheus.Registerer
}

// buffered is how many reads wait for the bus at most; together they take less than 2 MiB.
const buffered = 4096

// Recorder tells the bus of reads. It is safe for concurrent use. Make one with [New].
type Recorder struct {
	every   uint64
	seen    atomic.Uint64
	reads   chan read
	bus     bus.Publisher
	logger  *slog.Logger
	source  string
	metrics *metrics
}

// New returns a recorder for one service, which is the source of its events, such as [event.SourceFind]. Its Run has to
// run as long as the service does.
func New(c Config, service, source string, d Dependencies) (*Recorder, error) {
	every, err := c.every()
	if err != nil {
		return nil, err
	}
	if every == 0 {
		return &Recorder{}, nil
	}
	if d.Bus == nil {
		d.Logger.Info("reads are not told to anybody: JOURNAL_READS is on, but there is no EVENTS_URL")
		return &Recorder{}, nil
	}
	m, err := newMetrics(d.Registry, service)
	if err != nil {
		return nil, fmt.Errorf("register the metrics of the events of reads: %w", err)
	}
	return &Recorder{
		every: every, reads: make(chan read, buffered), bus: d.Bus, logger: d.Logger, source: source, metrics: m,
	}, nil
}

// Found tells that a request was answered with a user.
func (r *Recorder) Found(request *http.Request, user string) {
	if r.wanted() {
		r.record(request, read{kind: event.TypeFound, user: user})
	}
}

// Searched tells that a request was answered with a page of so many users. The filter is its family, not its value,
// which may be a phone number.
func (r *Recorder) Searched(request *http.Request, filter string, users int) {
	if r.wanted() {
		r.record(request, read{kind: event.TypeSearched, filter: filter, count: users})
	}
}

func (r *Recorder) wanted() bool {
	return r.every == 1 || r.every > 1 && r.seen.Add(1)%r.every == 0
}

// record puts a read into the buffer, if there is room. What it keeps of the request is copied, for the strings of a
// header keep the whole header in memory.
func (r *Recorder) record(request *http.Request, what read) {
	if len(r.reads) == cap(r.reads) { // to drop shall cost nothing
		r.metrics.dropped.Inc()
		return
	}
	what.at = time.Now()
	what.user = strings.Clone(what.user)
	what.actor = part(request, header.Actor, maxActor)
	what.requestID = part(request, header.RequestID, maxActor)
	what.traceparent = part(request, header.Traceparent, maxActor)
	select {
	case r.reads <- what:
	default:
		r.metrics.dropped.Inc()
	}
}

// maxActor bounds what is kept of a header, in bytes.
const maxActor = 255

func part(request *http.Request, name string, most int) string {
	value := request.Header.Get(name)
	return strings.Clone(value[:min(len(value), most)])
}

// Run brings reads to the bus until ctx ends, and then what is in the buffer, within [FlushTimeout].
func (r *Recorder) Run(ctx context.Context) error {
	if r.every == 0 {
		<-ctx.Done()
		return ctx.Err()
	}
	w := &worker{Recorder: r}
	w.run(ctx)
	w.flush(ctx)
	return ctx.Err()
}
