package httpserver

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

// RequestDuration returns the metric of how long requests take, by method and status, of a server that is called service.
// Its methods are those that HTTP names; any other is "other".
func RequestDuration(service string) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:        "ums_http_request_duration_seconds",
		Help:        "Time from a request's header to the end of its answer, probes aside.",
		ConstLabels: prometheus.Labels{"service": service},
		Buckets:     []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
	}, []string{"method", "code"})
}

// RequestsInFlight returns what the metric of requests being served is called.
func RequestsInFlight(service string) prometheus.GaugeOpts {
	return prometheus.GaugeOpts{
		Name: "ums_http_requests_in_flight", Help: "Requests being served.", ConstLabels: prometheus.Labels{"service": service},
	}
}

// LogEvery returns that one request in so many is to be logged, and 0 for none. The error says what is wrong with
// ACCESS_LOG.
func (c Config) LogEvery() (uint64, error) {
	switch c.AccessLog {
	case "off":
		return 0, nil
	case "sampled", "":
		return max(c.AccessLogSample, 1), nil
	case "all":
		return 1, nil
	default:
		return 0, fmt.Errorf("ACCESS_LOG is %q: use off, sampled or all", c.AccessLog)
	}
}
