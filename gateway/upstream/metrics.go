package upstream

import (
	"github.com/prometheus/client_golang/prometheus"
)

const namespace = "ums_gateway_upstream_"

// metrics counts what happened, by slot. It outlives the upstreams, as counters must.
type metrics struct {
	ejections, retries, exhausted, shed, lookups *prometheus.CounterVec
}

func newMetrics() *metrics {
	vec := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: namespace + name, Help: help},
			append([]string{"upstream"}, labels...))
	}
	return &metrics{
		ejections: vec("ejections_total", "Instances that were left out, by cause.", "cause"),
		retries:   vec("retries_total", "Requests that were sent again, by how that ended.", "outcome"),
		exhausted: vec("retry_budget_exhausted_total", "Requests that would have been sent again but for the budget."),
		shed:      vec("shed_total", "Requests that were refused at once, by reason.", "reason"),
		lookups:   vec("lookup_failures_total", "Lookups of an upstream's name that failed."),
	}
}

func (m *metrics) vectors() []*prometheus.CounterVec {
	return []*prometheus.CounterVec{m.ejections, m.retries, m.exhausted, m.shed, m.lookups}
}

// Describe implements [prometheus.Collector].
func (m *metrics) Describe(ch chan<- *prometheus.Desc) {
	for _, v := range m.vectors() {
		v.Describe(ch)
	}
}

// Collect implements [prometheus.Collector].
func (m *metrics) Collect(ch chan<- prometheus.Metric) {
	for _, v := range m.vectors() {
		v.Collect(ch)
	}
}

// counts are one slot's counters, looked up once. Those of rare events are looked up when they happen.
type counts struct {
	*metrics
	slot string
}

// of returns the counters of a slot, all of them at zero if they are new, so that the first of each is a rise.
func (m *metrics) of(slot string) *counts {
	for _, cause := range []string{causeConnect, causeFailures, causeProbe} {
		m.ejections.WithLabelValues(slot, cause)
	}
	for o := range Outcome(outcomes) {
		m.retries.WithLabelValues(slot, o.String())
	}
	for _, reason := range []string{refusedByLimit, refusedByBreaker} {
		m.shed.WithLabelValues(slot, reason)
	}
	m.exhausted.WithLabelValues(slot)
	m.lookups.WithLabelValues(slot)
	return &counts{metrics: m, slot: slot}
}

func (c *counts) ejected(cause string)  { c.ejections.WithLabelValues(c.slot, cause).Inc() }
func (c *counts) retried(o Outcome)     { c.retries.WithLabelValues(c.slot, o.String()).Inc() }
func (c *counts) budgetExhausted()      { c.exhausted.WithLabelValues(c.slot).Inc() }
func (c *counts) refused(reason string) { c.shed.WithLabelValues(c.slot, reason).Inc() }
func (c *counts) lookupFailed()         { c.lookups.WithLabelValues(c.slot).Inc() }

// gauges are read off the upstreams when they are asked for. Two configurations that are both in use, because of a
// reload, may both have an upstream for a slot; then the sums count.
type gauges struct {
	registry *Registry
	descriptions
}

type descriptions struct {
	instances, inFlight, limit, breaker *prometheus.Desc
}

func describe() descriptions {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(namespace+name, help, append([]string{"upstream"}, labels...), nil)
	}
	return descriptions{
		instances: desc("instances",
			"Instances by state: healthy, ejected for what requests met, or unready by their own word.", "state"),
		inFlight: desc("waiting", "Requests that wait for an answer."),
		limit:    desc("limit", "Requests that may wait for an answer at a time, at present; 0 for any number."),
		breaker:  desc("breaker_state", "1 for the state in which the circuit breaker is.", "state"),
	}
}

// Describe implements [prometheus.Collector].
func (g *gauges) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{g.instances, g.inFlight, g.limit, g.breaker} {
		ch <- d
	}
}

// sums are one slot's gauges.
type sums struct {
	healthy, ejected, unready, waiting, limit int
	breaker                                   map[string]bool
}

// Collect implements [prometheus.Collector].
func (g *gauges) Collect(ch chan<- prometheus.Metric) {
	slots := make(map[string]*sums)
	for _, u := range g.registry.upstreams() {
		s := slots[u.slot]
		if s == nil {
			s = &sums{breaker: make(map[string]bool)}
			slots[u.slot] = s
		}
		healthy, ejected, unready := u.set.states()
		s.healthy, s.ejected, s.unready = s.healthy+healthy, s.ejected+ejected, s.unready+unready
		s.waiting, s.limit = s.waiting+u.limiter.InFlight(), s.limit+u.limiter.Limit()
		s.breaker[u.breaker.State()] = true
	}
	for slot, s := range slots {
		gauge := func(d *prometheus.Desc, value int, labels ...string) {
			ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(value), append([]string{slot}, labels...)...)
		}
		gauge(g.instances, s.healthy, "healthy")
		gauge(g.instances, s.ejected, "ejected")
		gauge(g.instances, s.unready, "unready")
		gauge(g.inFlight, s.waiting)
		gauge(g.limit, s.limit)
		for _, state := range breakerStates() {
			value := 0
			if s.breaker[state] {
				value = 1
			}
			gauge(g.breaker, value, state)
		}
	}
}
