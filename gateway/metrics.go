package gateway

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/glarimy/ums/gateway/exchange"
	"github.com/glarimy/ums/shared/problem"
)

// otherMethod stands for every method that no route can have, so that clients cannot invent label values.
const otherMethod = "other"

// metrics is what the gateway counts: requests, failures and waiting time, by route and upstream.
type metrics struct {
	requests *prometheus.CounterVec
	wait     *prometheus.HistogramVec
	failures *prometheus.CounterVec
	refusals *prometheus.CounterVec
}

func newMetrics(r prometheus.Registerer) (*metrics, error) {
	requests, err1 := register(r, prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "ums_gateway_requests_total",
		Help: "Requests by route, the upstream that serves it, method and class of the answer's status.",
	}, []string{"route", "upstream", "method", "code"}))
	wait, err2 := register(r, prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "ums_gateway_request_duration_seconds",
		Help:    "Time from a request's head to the head of its answer, so that a stream counts as any other answer.",
		Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
	}, []string{"route", "upstream", "method"}))
	failures, err3 := register(r, prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "ums_gateway_failures_total",
		Help: "Requests that did not end well, by upstream and by what happened.",
	}, []string{"upstream", "kind"}))
	refusals, err4 := register(r, prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "ums_gateway_refusals_total",
		Help: "Requests that might not pass, by the problem that they were answered.",
	}, []string{"reason"}))
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return nil, fmt.Errorf("register the gateway's metrics: %w", err)
	}
	return &metrics{requests: requests, wait: wait, failures: failures, refusals: refusals}, nil
}

// register registers a collector, or returns its like that an earlier gateway has registered.
func register[C prometheus.Collector](r prometheus.Registerer, c C) (C, error) {
	err := r.Register(c)
	if already, ok := errors.AsType[prometheus.AlreadyRegisteredError](err); ok {
		if existing, ok := already.ExistingCollector.(C); ok {
			return existing, nil
		}
	}
	return c, err
}

// failuresOf returns the counters of an upstream's failures. They appear as zeros from the start, so that the first of
// each is a rise.
func (m *metrics) failuresOf(slot string) map[Kind]prometheus.Counter {
	counters := make(map[Kind]prometheus.Counter)
	for _, kind := range Kinds() {
		counters[kind] = m.failures.WithLabelValues(slot, string(kind))
	}
	return counters
}

// refused returns the counters of requests that might not pass, which are zero from the start as well.
func (m *metrics) refused() map[problem.Type]prometheus.Counter {
	counters := make(map[problem.Type]prometheus.Counter)
	for _, reason := range []problem.Type{
		problem.InvalidCredentials, problem.Unauthenticated, problem.InsufficientScope, problem.Unavailable, problem.RateLimited,
	} {
		counters[reason] = m.refusals.WithLabelValues(string(reason))
	}
	return counters
}

// traffic is the series of one route and upstream by method, looked up once so that requests need not.
type traffic [8]*series

type series struct {
	classes [4]prometheus.Counter // 2xx to 5xx
	wait    prometheus.Observer
}

// indexOf returns a method's place, the last one for those that no route can have.
func indexOf(method string) int {
	switch method {
	case http.MethodGet:
		return 0
	case http.MethodHead:
		return 1
	case http.MethodPost:
		return 2
	case http.MethodPut:
		return 3
	case http.MethodPatch:
		return 4
	case http.MethodDelete:
		return 5
	case http.MethodOptions:
		return 6
	default:
		return 7
	}
}

// traffic returns the series of a route; with GET comes HEAD.
func (m *metrics) traffic(route, upstream string, methods ...string) *traffic {
	t := new(traffic)
	for _, method := range methods {
		t[indexOf(method)] = m.series(route, upstream, method)
		if method == http.MethodGet {
			t[indexOf(http.MethodHead)] = m.series(route, upstream, http.MethodHead)
		}
	}
	return t
}

// unrouted returns the series of what no route takes: bad targets, unknown paths, other methods of known ones.
func (m *metrics) unrouted() *traffic {
	return m.traffic("none", "none", http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch,
		http.MethodDelete, http.MethodOptions, otherMethod)
}

func (m *metrics) series(route, upstream, method string) *series {
	s := &series{wait: m.wait.WithLabelValues(route, upstream, method)}
	for i := range s.classes {
		s.classes[i] = m.requests.WithLabelValues(route, upstream, method, strconv.Itoa(i+2)+"xx")
	}
	return s
}

// observe counts one request. A handler that ended without an answer panicked, and the edge answers 500.
func (t *traffic) observe(x *exchange.Exchange) {
	s := t[indexOf(x.Method)]
	status := cmp.Or(x.Answer.Status, http.StatusInternalServerError)
	s.classes[min(max(status/100, 2), 5)-2].Inc()
	s.wait.Observe(x.Answer.Wait.Seconds())
}
