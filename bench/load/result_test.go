package load_test

import (
	"testing"
	"time"

	"github.com/glarimy/ums/bench/load"
)

func TestPercentiles(t *testing.T) {
	t.Parallel()
	// 1 to 1000 ms, on two connections in turn.
	a, b := load.NewResult(), load.NewResult()
	for i := range 1000 {
		r := &a
		if i%2 == 1 {
			r = &b
		}
		r.Record(i != 0, time.Duration(i+1)*time.Millisecond)
	}
	a.Add(b)
	if a.Requests != 1000 || a.Failed != 1 {
		t.Errorf("got %d requests, %d failed, want 1000 and 1", a.Requests, a.Failed)
	}
	for p, want := range map[float64]time.Duration{
		50: 500 * time.Millisecond, 90: 900 * time.Millisecond, 99: 990 * time.Millisecond, 100: time.Second,
	} {
		if got := a.Percentile(p); got < want || got > want+want/1000 {
			t.Errorf("p%g: got %v, want %v within 0.1 %%", p, got, want)
		}
	}
}

func TestPercentileOfVeryLongTimes(t *testing.T) {
	t.Parallel()
	r := load.NewResult()
	r.Record(true, time.Hour)
	if got := r.Percentile(99); got < time.Minute || got > time.Minute+time.Minute/1000 {
		t.Errorf("got %v, want the longest that is told apart, a minute", got)
	}
}
