package readevents

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	published, dropped prometheus.Counter
}

func newMetrics(registry prometheus.Registerer, service string) (*metrics, error) {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: "ums", Subsystem: "read_events", Name: name, Help: help,
			ConstLabels: prometheus.Labels{"service": service},
		})
	}
	m := &metrics{
		published: counter("published_total", "Events of reads that the bus took."),
		dropped:   counter("dropped_total", "Events of reads that were dropped: the bus does not keep up or is away."),
	}
	return m, errors.Join(registry.Register(m.published), registry.Register(m.dropped))
}
