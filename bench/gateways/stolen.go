package gateways

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// A virtual machine's host gives its processors to others, for minutes at times, and whoever is measured then looks slow.
const (
	stolenLimit = 0.02 // of the processors' time; a sample that lost more is taken again
	stolenTries = 15
)

// processorTime is what /proc/stat says of all processors since the machine's start, in ticks.
type processorTime struct{ all, stolen int64 }

// readProcessorTime is zero on a system that does not tell.
func readProcessorTime() processorTime {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return processorTime{}
	}
	return parseProcessorTime(string(text))
}

// parseProcessorTime reads the first line: user, nice, system, idle, iowait, irq, softirq, steal (proc_stat(5)); the guests'
// times that follow are in user and nice already.
func parseProcessorTime(stat string) processorTime {
	line, _, _ := strings.Cut(stat, "\n")
	fields := strings.Fields(line)
	if len(fields) < 9 || fields[0] != "cpu" {
		return processorTime{}
	}
	var t processorTime
	for i, f := range fields[1:9] {
		ticks, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			return processorTime{}
		}
		t.all += ticks
		if i == 7 {
			t.stolen = ticks
		}
	}
	return t
}

// share is the part of the processors' time that was stolen since before.
func (t processorTime) share(before processorTime) float64 {
	if t.all <= before.all {
		return 0
	}
	return float64(t.stolen-before.stolen) / float64(t.all-before.all)
}

// stolen counts what the host took.
type stolen struct {
	samples, repeated int
	worst             float64 // of the samples that were kept
}

// undisturbed takes a sample until the host took hardly anything of the processors meanwhile, and at last the best of so
// many tries.
func undisturbed[S any](
	ctx context.Context, s *stolen, tries int, now func() processorTime, take func() (S, error),
) (best S, err error) {
	least := 2.0
	for try := range tries {
		before := now()
		sample, err := take()
		if err := errors.Join(err, ctx.Err()); err != nil {
			return best, err
		}
		if share := now().share(before); share < least {
			best, least = sample, share
		}
		if least <= stolenLimit {
			break
		}
		if try+1 < tries {
			s.repeated++
		}
	}
	s.samples++
	s.worst = max(s.worst, least)
	return best, nil
}

// String is a sentence for the result.
func (s *stolen) String() string {
	return fmt.Sprintf("samples: %d; taken again, since the machine's host took more than %g %% of the processors meanwhile: "+
		"%d; at most taken from one that counts: %.1f %%", s.samples, 100*stolenLimit, s.repeated, 100*s.worst)
}
