package journal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/glarimy/ums/shared/event"
)

// Where an event comes from, as a label.
const (
	fromBus    = "bus"
	fromOutbox = "outbox"
)

type metrics struct {
	leader   prometheus.Gauge
	lag      prometheus.Gauge
	gaps     prometheus.Gauge
	appended *prometheus.CounterVec // by where the event came from
	repeated prometheus.Counter
	late     prometheus.Counter
	refused  prometheus.Counter
	failures prometheus.Counter
	delay    prometheus.Histogram
	read     prometheus.Histogram
	streams  prometheus.Gauge
	sent     prometheus.Counter
	dropped  prometheus.Counter
}

func newMetrics(registry prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		leader: gauge("leader", "1 while this process appends; over all processes the sum must be 1."),
		lag:    gauge("lag_seconds", "Age of the oldest event of the outbox beyond what the journal has."),
		gaps:   gauge("open_gaps", "Gaps in the numbers of the outbox that are still looked into, while this process appends."),
		appended: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: "ums", Subsystem: "journal", Name: "appended_total",
			Help: "Events recorded, by where they came from: the outbox, or the bus where the outbox does not have them.",
		}, []string{"origin"}),
		repeated: counter("repeated_total", "Events of the bus that the journal had already: most changes, and repetitions."),
		late:     counter("late_total", "Events of the outbox that were found in a gap, behind events with higher numbers."),
		refused:  counter("refused_total", "Events that do not fit the journal's table."),
		failures: counter("failures_total", "Rounds that the database ended."),
		delay: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: "ums", Subsystem: "journal", Name: "delay_seconds",
			Help:    "Time from an event to its place in the journal.",
			Buckets: []float64{.01, .025, .05, .1, .15, .2, .25, .3, .5, .75, 1, 2.5, 5, 10, 60, 600},
		}),
		read: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: "ums", Subsystem: "journal", Name: "read_duration_seconds",
			Help:    "Time in which the database gave one page, the wait for a connection included.",
			Buckets: []float64{.00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5},
		}),
		streams: gauge("streams", "Streams that are open."),
		sent:    counter("stream_events_total", "Events sent on streams."),
		dropped: counter("streams_dropped_total", "Streams ended because their clients read too slowly."),
	}
	for _, origin := range []string{fromBus, fromOutbox} {
		m.appended.WithLabelValues(origin)
	}
	var errs []error
	for _, c := range []prometheus.Collector{
		m.leader, m.lag, m.gaps, m.appended, m.repeated, m.late, m.refused, m.failures, m.delay, m.read,
		m.streams, m.sent, m.dropped,
	} {
		errs = append(errs, registry.Register(c))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("register the metrics of the journal: %w", err)
	}
	return m, nil
}

func gauge(name, help string) prometheus.Gauge {
	return prometheus.NewGauge(prometheus.GaugeOpts{Namespace: "ums", Subsystem: "journal", Name: name, Help: help})
}

func counter(name, help string) prometheus.Counter {
	return prometheus.NewCounter(prometheus.CounterOpts{Namespace: "ums", Subsystem: "journal", Name: name, Help: help})
}

// record counts what was recorded of events at a moment.
func (m *metrics) record(origin string, recorded int, events []event.Event, at time.Time) {
	m.appended.WithLabelValues(origin).Add(float64(recorded))
	for _, e := range events {
		m.delay.Observe(max(at.Sub(e.Time), 0).Seconds())
	}
}

// watchInterval is the time between two looks at the lag.
const watchInterval = time.Second

// watch keeps the lag, whether this process appends or not: an appender that hangs would not tell that it does.
func (m *metrics) watch(ctx context.Context, s *store, now func() time.Time) error {
	ticker := time.NewTicker(watchInterval)
	defer ticker.Stop()
	for {
		if lag, err := s.lag(ctx, now()); err == nil {
			m.lag.Set(lag.Seconds())
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
}

// lag returns the age of the oldest event of the outbox beyond what the journal has; 0 where there is none.
func (s *store) lag(ctx context.Context, now time.Time) (time.Duration, error) {
	walked, _, err := s.number(ctx, "SELECT walked_seq FROM ums_journal_progress WHERE id = 1")
	if err != nil {
		return 0, err
	}
	next, err := outbox{db: s.db}.beyond(ctx, walked, 1)
	if err != nil || len(next) == 0 {
		return 0, err
	}
	return max(now.Sub(next[0].event.Time), 0), nil
}
