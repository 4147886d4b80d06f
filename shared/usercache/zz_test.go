package usercache_test

import "testing"

func TestCount(t *testing.T) {
	for _, w := range []world{
		{writers: 1, readers: 1}, {writers: 1, readers: 2}, {writers: 2, readers: 1}, {writers: 2, readers: 2},
		{writers: 1, readers: 1, faults: faults{failedReleases: 1}}, {writers: 1, readers: 2, faults: faults{failedReleases: 1}},
		{writers: 2, readers: 1, faults: faults{failedReleases: 1}},
		{writers: 2, readers: 1, faults: faults{failedReleases: 1, rollbacks: 1, lateFences: 1}},
		{writers: 1, readers: 2, faults: faults{failedReleases: 1, rollbacks: 1, lateFences: 1, spoils: 1, skips: 1, failedLoads: 1}},
		{writers: 1, readers: 2, process: other},
		{writers: 1, readers: 3},
	} {
		memo := map[state]float64{}
		edges := 0
		var paths func(s state) float64
		depth := 0
		paths = func(s state) float64 {
			if n, ok := memo[s]; ok {
				return n
			}
			n, any := 0.0, false
			w.next(s, func(tr transition) { edges++; any = true; n += paths(tr.next) })
			if !any {
				n = 1
			}
			memo[s] = n
			return n
		}
		p := paths(w.start())
		_ = depth
		t.Logf("%dW %dR %+v: %d states %d edges %.0f paths", w.writers, w.readers, w.faults, len(memo), edges, p)
	}
}
