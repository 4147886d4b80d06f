// Package busmetrics has the metrics of consumers, which are the same on every bus.
package busmetrics

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics are those of the consumers of a bus. Buses that share a registry share them.
type Metrics struct {
	Entries, Letters prometheus.Gauge // on the bus, and among the dead letters

	handled, failed, buried, takenOver, unavailable *prometheus.CounterVec
	pending, lag                                    *prometheus.GaugeVec
}

// New registers the metrics; without a registry nobody sees them.
func New(registry prometheus.Registerer) (*Metrics, error) {
	if registry == nil {
		registry = prometheus.NewRegistry()
	}
	m := &Metrics{
		handled:     counter("events_handled_total", "Events that the group has done, repeated ones included."),
		failed:      counter("events_failed_total", "Times that a single event failed."),
		buried:      counter("dead_letters_total", "Entries that went to the dead letters."),
		takenOver:   counter("events_taken_over_total", "Entries taken over from members of the group that fell silent."),
		unavailable: counter("unavailable_total", "Times that the group could not work at all."),
		pending: gauge("pending_events", "Entries that members of the group have received and not done.",
			"group"),
		lag: gauge("lag_seconds", "Age of the oldest entry that the group has not done.", "group"),
	}
	entries := gauge("stream_entries", "Entries on the stream, those that every group has done included.")
	letters := gauge("dead_letters", "Dead letters that wait for an operator.")
	var errs []error
	for _, c := range []**prometheus.CounterVec{&m.handled, &m.failed, &m.buried, &m.takenOver, &m.unavailable} {
		errs = append(errs, register(registry, c))
	}
	for _, g := range []**prometheus.GaugeVec{&m.pending, &m.lag, &entries, &letters} {
		errs = append(errs, register(registry, g))
	}
	m.Entries, m.Letters = entries.WithLabelValues(), letters.WithLabelValues()
	return m, errors.Join(errs...)
}

// register registers a collector, or puts in its place the one that another bus has registered.
func register[T prometheus.Collector](registry prometheus.Registerer, c *T) error {
	err := registry.Register(*c)
	already, ok := errors.AsType[prometheus.AlreadyRegisteredError](err)
	if !ok {
		return err
	}
	existing, ok := already.ExistingCollector.(T)
	if !ok {
		return err
	}
	*c = existing
	return nil
}

func counter(name, help string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(
		prometheus.CounterOpts{Namespace: "ums", Subsystem: "bus", Name: name, Help: help}, []string{"group"})
}

func gauge(name, help string, labels ...string) *prometheus.GaugeVec {
	return prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: "ums", Subsystem: "bus", Name: name, Help: help}, labels)
}

// Of returns the metrics of one group, all of them present from the start.
func (m *Metrics) Of(group string) *Group {
	return &Group{
		Handled:     m.handled.WithLabelValues(group),
		Failed:      m.failed.WithLabelValues(group),
		Buried:      m.buried.WithLabelValues(group),
		TakenOver:   m.takenOver.WithLabelValues(group),
		Unavailable: m.unavailable.WithLabelValues(group),
		Pending:     m.pending.WithLabelValues(group),
		Lag:         m.lag.WithLabelValues(group),
	}
}

// Group are the metrics of one group.
type Group struct {
	Handled, Failed, Buried, TakenOver, Unavailable prometheus.Counter
	Pending, Lag                                    prometheus.Gauge
}

// Leave says that nobody tells any more how the group stands: what was told last would be told for ever. Another member in
// the same process tells it again soon.
func (g *Group) Leave() {
	g.Pending.Set(0)
	g.Lag.Set(0)
}
