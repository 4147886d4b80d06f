package gateways

import (
	"context"

	"github.com/glarimy/ums/bench/report"
)

// StolenTries is how often a sample is taken at most.
const StolenTries = stolenTries

// ParseProcessorTime is parseProcessorTime: the ticks of all kinds, and those that were stolen.
func ParseProcessorTime(stat string) (all, stolen int64) {
	t := parseProcessorTime(stat)
	return t.all, t.stolen
}

// Undisturbed takes a sample with a clock that tells all ticks and stolen ones, and returns what was counted.
func Undisturbed(
	ctx context.Context, now func() (all, stolen int64), take func() (report.Sample, error),
) (kept report.Sample, repeated int, worst float64, err error) {
	s := stolen{}
	kept, err = s.undisturbed(ctx, func() processorTime {
		all, stolen := now()
		return processorTime{all: all, stolen: stolen}
	}, take)
	return kept, s.repeated, s.worst, err
}
