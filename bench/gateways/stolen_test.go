package gateways_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/glarimy/ums/bench/gateways"
	"github.com/glarimy/ums/bench/report"
)

func TestParseProcessorTime(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		stat        string
		all, stolen int64
	}{
		{"cpu  1 2 3 4 5 6 7 8 9 10\ncpu0 100 0 0 0 0 0 0 0 0 0\n", 36, 8},
		{"cpu  1 2 3 4 5 6 7 8", 36, 8},
		{"cpu  1 2 3 4 5 6 7\n", 0, 0}, // older than stolen time
		{"cpu  1 2 3 4 5 6 7 x 9 10\n", 0, 0},
		{"intr 1 2 3 4 5 6 7 8 9\n", 0, 0},
		{"", 0, 0},
	} {
		if all, stolen := gateways.ParseProcessorTime(tt.stat); all != tt.all || stolen != tt.stolen {
			t.Errorf("%q: got %d of %d, want %d of %d", tt.stat, stolen, all, tt.stolen, tt.all)
		}
	}
}

func TestUndisturbed(t *testing.T) {
	t.Parallel()
	last := slices.Repeat([]int64{20}, gateways.StolenTries)
	copy(last, []int64{50, 40, 7})
	// Each try takes 100 ticks, of which so many are stolen.
	for name, tt := range map[string]struct {
		stolen []int64
		kept   int // the number of the try
		worst  float64
	}{
		"at once":     {stolen: []int64{2}, kept: 1, worst: 0.02},
		"third":       {stolen: []int64{30, 3, 0}, kept: 3},
		"best of all": {stolen: last, kept: 3, worst: 0.07},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var all, stolen, tries int64
			take := func() (report.Sample, error) {
				all, stolen = all+100, stolen+tt.stolen[tries]
				tries++
				return report.Sample{P50: time.Duration(tries)}, nil
			}
			kept, repeated, worst, err := gateways.Undisturbed(t.Context(), func() (int64, int64) { return all, stolen }, take)
			if err != nil || int(kept.P50) != tt.kept || repeated != len(tt.stolen)-1 || worst != tt.worst {
				t.Errorf("kept try %d, repeated %d times, worst %v, error %v; want %d, %d, %v",
					kept.P50, repeated, worst, err, tt.kept, len(tt.stolen)-1, tt.worst)
			}
		})
	}
	away := errors.New("away")
	_, _, _, err := gateways.Undisturbed(t.Context(), func() (int64, int64) { return 0, 0 },
		func() (report.Sample, error) { return report.Sample{}, away })
	if !errors.Is(err, away) {
		t.Errorf("got %v, want what taking the sample said", err)
	}
}
