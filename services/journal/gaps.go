package journal

import (
	"encoding/json"
	"fmt"
	"time"
)

// gap is a run of numbers that the outbox did not have when it was walked past them: of transactions that had not committed
// yet, or never will.
type gap struct {
	first, last uint64
	seen        time.Time // in whole seconds
}

// gaps are in order and do not overlap. A gap is cheap to look into however wide it is: what is in it has not been there.
type gaps []gap

const (
	// gapPatience is how long a gap is looked into. A transaction of add takes seconds at most. One that takes longer than
	// this comes from the bus, or not at all where there is none.
	gapPatience = 10 * time.Minute

	// mostGaps bounds what is looked into each time, where a cluster leaves gaps between all numbers.
	mostGaps = 256
)

// opened returns the gaps with those between numbers, in order, that were walked past behind after.
func (g gaps) opened(after uint64, numbers []uint64, now time.Time) gaps {
	opened := append(gaps(nil), g...)
	for _, n := range numbers {
		if n > after+1 {
			opened = append(opened, gap{first: after + 1, last: n - 1, seen: now.Truncate(time.Second)})
		}
		after = n
	}
	return opened
}

// without returns the gaps without some numbers that are in them, in order.
func (g gaps) without(numbers []uint64) gaps {
	var left gaps
	for _, open := range g {
		for len(numbers) > 0 && numbers[0] <= open.last {
			if n := numbers[0]; n > open.first {
				left = append(left, gap{first: open.first, last: n - 1, seen: open.seen})
			}
			open.first, numbers = numbers[0]+1, numbers[1:]
		}
		if open.first <= open.last {
			left = append(left, open)
		}
	}
	return left
}

// recent returns the gaps that are still to be looked into.
func (g gaps) recent(now time.Time) gaps {
	var recent gaps
	for _, open := range g {
		if now.Sub(open.seen) < gapPatience {
			recent = append(recent, open)
		}
	}
	if len(recent) > mostGaps {
		recent = recent[len(recent)-mostGaps:]
	}
	return recent
}

// encode returns the gaps as the database keeps them: a JSON array of [first, last, seconds of Unix time].
func (g gaps) encode() string {
	triples := make([][3]uint64, len(g))
	for i, open := range g {
		triples[i] = [3]uint64{open.first, open.last, uint64(max(open.seen.Unix(), 0))}
	}
	text, _ := json.Marshal(triples) // numbers are always encoded
	return string(text)
}

func decodeGaps(text string) (gaps, error) {
	var triples [][3]uint64
	if err := json.Unmarshal([]byte(text), &triples); err != nil {
		return nil, fmt.Errorf("read the gaps of the journal's progress: %w", err)
	}
	g := make(gaps, len(triples))
	for i, t := range triples {
		g[i] = gap{first: t[0], last: t[1], seen: time.Unix(int64(t[2]), 0).UTC()} //nolint:gosec // what encode wrote
	}
	return g, nil
}
