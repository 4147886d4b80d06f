package usercache

import (
	"errors"

	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/prometheus/client_golang/prometheus"
)

// metrics are those of a Cache.
type metrics struct {
	looks       [kinds]prometheus.Counter // by what a look came upon
	joined      prometheus.Counter
	refused     prometheus.Counter
	overloaded  prometheus.Counter
	loadSeconds prometheus.Histogram
}

func newMetrics(registry prometheus.Registerer, breaker circuitbreaker.CircuitBreaker[any]) (*metrics, error) {
	m := &metrics{
		looks: [kinds]prometheus.Counter{
			unreachable: counter("skipped_total", "Looks that Redis did not answer, or the breaker did not let pass."),
			absent:      counter("misses_total", "Looks that found nothing."),
			malformed:   counter("malformed_entries_total", "Looks that found what the cache cannot have written."),
			found:       counter("hits_total", "Looks that found a user."),
			missing:     counter("negative_hits_total", "Looks that found that there is no such user."),
			lease:       counter("leases_met_total", "Looks that found the lease of a load."),
			fence:       counter("fences_met_total", "Looks that found the fence of a write."),
		},
		joined:     counter("joined_loads_total", "Reads that took part in another's read of the database."),
		refused:    counter("fills_refused_total", "Loaded users that were not kept, because their lease was gone."),
		overloaded: counter("overloaded_total", "Reads of the database refused because too many were running."),
		loadSeconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: "ums", Subsystem: "cache", Name: "load_seconds",
			Help:    "Time that reads of the database took.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5},
		}),
	}
	state := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Namespace: "ums", Subsystem: "cache", Name: "breaker_state",
		Help: "Breaker in front of Redis: 0 closed, 1 open, 2 half open.",
	}, func() float64 { return float64(breaker.State()) })

	all := append(m.looks[:], m.joined, m.refused, m.overloaded)
	err := register(registry, all...)
	return m, errors.Join(err, registry.Register(m.loadSeconds), registry.Register(state))
}

// fenceMetrics are those of a Fencer.
type fenceMetrics struct {
	unfenced   prometheus.Counter
	gone       prometheus.Counter
	unreleased prometheus.Counter
}

func newFenceMetrics(registry prometheus.Registerer) (*fenceMetrics, error) {
	m := &fenceMetrics{
		unfenced: counter("unfenced_writes_total",
			"Writes of which Redis confirmed neither fence nor delete: reads may be stale until the write's event arrives."),
		gone: counter("fences_gone_total",
			"Fences that were gone when they were released: overtaken by a later write of the same user, "+
				"or lost by Redis in a restart or to eviction."),
		unreleased: counter("fences_unreleased_total",
			"Fences left to expire, because the release failed or the outcome of the transaction is unknown."),
	}
	return m, register(registry, m.unfenced, m.gone, m.unreleased)
}

func counter(name, help string) prometheus.Counter {
	return prometheus.NewCounter(prometheus.CounterOpts{Namespace: "ums", Subsystem: "cache", Name: name, Help: help})
}

func register(registry prometheus.Registerer, counters ...prometheus.Counter) error {
	var errs []error
	for _, c := range counters {
		errs = append(errs, registry.Register(c))
	}
	return errors.Join(errs...)
}
