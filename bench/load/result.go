package load

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Bounds of what the histogram of latencies tells apart: from 1 µs to a minute, in steps of at most 0.1 %. A longer
// time counts as the longest.
const (
	shortest = time.Microsecond
	longest  = time.Minute
	digits   = 3
)

// Result is what a run saw.
type Result struct {
	Requests int64         // answered, whatever the answer was
	Failed   int64         // of these, answered with another status than that of a good answer
	Elapsed  time.Duration // from the first request to the last answer
	latency  *hdrhistogram.Histogram
}

// NewResult returns the result of a run that has seen nothing yet.
func NewResult() Result {
	return Result{latency: hdrhistogram.New(shortest.Nanoseconds(), longest.Nanoseconds(), digits)}
}

// Record adds a request that was answered, ok with status 200, within the given time.
func (r *Result) Record(ok bool, took time.Duration) {
	r.Requests++
	if !ok {
		r.Failed++
	}
	_ = r.latency.RecordValue(min(took, longest).Nanoseconds()) // it is within the bounds
}

// Add adds what another connection saw at the same time.
func (r *Result) Add(other Result) {
	r.Requests += other.Requests
	r.Failed += other.Failed
	r.latency.Merge(other.latency)
}

// PerSecond returns how many requests were answered in a second.
func (r Result) PerSecond() float64 { return float64(r.Requests) / r.Elapsed.Seconds() }

// Percentile returns the time within which p of 100 requests were answered, from before a request was sent until all of
// its answer was there.
func (r Result) Percentile(p float64) time.Duration {
	return time.Duration(r.latency.ValueAtPercentile(p))
}
