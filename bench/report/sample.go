// Package report turns what a benchmark has measured into text for people: tables with ratios, verdicts, and what the
// machine was.
package report

import (
	"slices"
	"time"
)

// Sample is what one round measured of one server.
type Sample struct {
	PerSecond float64       // requests answered
	P50, P99  time.Duration // latencies
	CPU       time.Duration // of the server's process, per request; 0 where the system does not tell
}

// Metric is one of the figures of a sample. Times are in seconds.
type Metric func(Sample) float64

// PerSecond is the metric of Sample.PerSecond.
func PerSecond(s Sample) float64 { return s.PerSecond }

// P50 is the metric of Sample.P50.
func P50(s Sample) float64 { return s.P50.Seconds() }

// P99 is the metric of Sample.P99.
func P99(s Sample) float64 { return s.P99.Seconds() }

// CPU is the metric of Sample.CPU.
func CPU(s Sample) float64 { return s.CPU.Seconds() }

// Row is one server of a table.
type Row struct {
	Name    string // by which others refer to it
	Label   string // for people
	Samples []Sample
}

// Median returns the median of a metric over the row's rounds, or 0 where there are none.
func (r Row) Median(m Metric) float64 {
	values := make([]float64, len(r.Samples))
	for i, s := range r.Samples {
		values[i] = m(s)
	}
	return median(values)
}

// median sorts values.
func median(values []float64) float64 {
	n := len(values)
	if n == 0 {
		return 0
	}
	slices.Sort(values)
	return (values[(n-1)/2] + values[n/2]) / 2
}
