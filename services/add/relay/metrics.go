package relay

import (
	"errors"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/glarimy/ums/shared/event"
)

type metrics struct {
	oldest    atomic.Pointer[time.Time] // the oldest event that waits; zero where none does
	waiting   prometheus.Gauge
	parked    prometheus.Gauge
	leader    prometheus.Gauge
	published prometheus.Counter
	refused   prometheus.Counter
	failures  prometheus.Counter
	removed   prometheus.Counter
	delay     prometheus.Histogram
}

func newMetrics(registry prometheus.Registerer, now func() time.Time) (*metrics, error) {
	m := &metrics{
		waiting: prometheus.NewGauge(prometheus.GaugeOpts{
			Namespace: "ums", Subsystem: "relay", Name: "waiting_events",
			Help: "Events in the outbox that are not published, those of parked users included.",
		}),
		parked: prometheus.NewGauge(prometheus.GaugeOpts{
			Namespace: "ums", Subsystem: "relay", Name: "parked_users",
			Help: "Users whose events wait because the bus refused one of them.",
		}),
		leader: prometheus.NewGauge(prometheus.GaugeOpts{
			Namespace: "ums", Subsystem: "relay", Name: "leader",
			Help: "1 while this process leads; over all processes the sum must be 1.",
		}),
		published: counter("published_total", "Events that the bus took, repeated ones included."),
		refused:   counter("refused_total", "Times that the bus refused an event and its user was parked."),
		failures:  counter("failures_total", "Rounds that the bus or the database ended."),
		removed:   counter("removed_total", "Old published rows removed from the outbox."),
		delay: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: "ums", Subsystem: "relay", Name: "delay_seconds",
			Help:    "Time from an event to its place on the bus.",
			Buckets: []float64{.005, .01, .025, .05, .075, .1, .15, .2, .3, .5, 1, 2.5, 5, 10, 60},
		}),
	}
	lag := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Namespace: "ums", Subsystem: "relay", Name: "lag_seconds",
		Help: "Age of the oldest event that is not published, parked users aside.",
	}, func() float64 { return m.lag(now()).Seconds() })
	var errs []error
	for _, c := range []prometheus.Collector{
		lag, m.waiting, m.parked, m.leader, m.published, m.refused, m.failures, m.removed, m.delay,
	} {
		errs = append(errs, registry.Register(c))
	}
	return m, errors.Join(errs...)
}

func (m *metrics) lag(now time.Time) time.Duration {
	oldest := m.oldest.Load()
	if oldest == nil || oldest.IsZero() {
		return 0
	}
	return max(now.Sub(*oldest), 0)
}

// sent counts an event that the bus took.
func (m *metrics) sent(e event.Event, now time.Time) {
	m.published.Inc()
	m.delay.Observe(max(now.Sub(e.Time), 0).Seconds())
}

func counter(name, help string) prometheus.Counter {
	return prometheus.NewCounter(prometheus.CounterOpts{Namespace: "ums", Subsystem: "relay", Name: name, Help: help})
}
