package usercache_test

import "testing"

// same and other are the processes that three readers run in.
var (
	same  = [maxReaders]uint8{0, 0, 0}
	other = [maxReaders]uint8{0, 1, 0}
	last  = [maxReaders]uint8{0, 0, 1}
)

// TestModelHolds searches every interleaving of the protocol as it is, with whatever may go wrong on the way.
func TestModelHolds(t *testing.T) {
	t.Parallel()
	tests := map[string]world{
		"three readers of one process": {writers: 2, readers: 3, process: same},
		"a reader of another process":  {writers: 2, readers: 3, process: other},
		"the last of another process":  {writers: 2, readers: 3, process: last},
		"a release fails":              {writers: 2, readers: 3, faults: faults{failedReleases: 1}},
		"a release arrives twice":      {writers: 2, readers: 2, faults: faults{releaseCopies: 1, failedReleases: 1}},
		"a transaction is rolled back": {writers: 2, readers: 2, faults: faults{rollbacks: 1, expiries: 1}},
		"an outcome is unknown":        {writers: 2, readers: 2, faults: faults{abandons: 1, expiries: 1}},
		"a fence expires":              {writers: 2, readers: 2, faults: faults{expiries: 2, failedReleases: 1}},
		"a fence arrives late":         {writers: 2, readers: 2, faults: faults{lateFences: 1, expiries: 1}},
		"a lease expires":              {writers: 2, readers: 3, faults: faults{lapses: 1}},
		"a load fails":                 {writers: 2, readers: 3, faults: faults{failedLoads: 1}},
		"readers skip Redis":           {writers: 2, readers: 3, faults: faults{skips: 2}},
		"the key is spoilt":            {writers: 2, readers: 2, faults: faults{spoils: 1, lapses: 1}},
	}
	for name, w := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := w.search()
			t.Logf("%d states stale %v back %v", v.states, v.stale != nil, v.back != nil)
			if v.stale != nil {
				t.Errorf("an acknowledged write is missed:%s", describe(v.stale))
			}
			if v.back != nil {
				t.Errorf("reads go back in time:%s", describe(v.back))
			}
		})
	}
}

// TestModelFails shows that each clause of the protocol is needed: without it the search finds a broken promise.
func TestModelFails(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		world
		stale, back bool
	}{
		"delete after commit, without a fence": {world: world{writers: 1, readers: 3, rules: rules{noFence: true}}, back: true},
		"no row lock":                          {world: world{writers: 2, readers: 2, rules: rules{noRowLock: true}}},
		"fills do not compare":                 {world: world{writers: 1, readers: 2, rules: rules{plainFill: true}}},
		"lease of the process":                 {world: world{writers: 1, readers: 3, rules: rules{processLease: true}}},
		"join any load":                        {world: world{writers: 1, readers: 2, rules: rules{joinAny: true}}},
		"join a sent select":                   {world: world{writers: 1, readers: 2, rules: rules{joinSent: true}, faults: faults{skips: 2}}},
		"plain release":                        {world: world{writers: 2, readers: 2, rules: rules{plainRelease: true}}},
		"plain release, failing":               {world: world{writers: 2, readers: 2, rules: rules{plainRelease: true}, faults: faults{failedReleases: 1}}},
		"own release":                          {world: world{writers: 2, readers: 2, rules: rules{ownRelease: true}, faults: faults{restarts: 1}}},
		"plain durable delete":                 {world: world{writers: 2, readers: 2, rules: rules{plainDelete: true}}},
		"trust late fence":                     {world: world{writers: 2, readers: 2, rules: rules{trustLateFence: true}, faults: faults{lateFences: 1}}},
		"trust late fence, release fails":      {world: world{writers: 2, readers: 2, rules: rules{trustLateFence: true}, faults: faults{lateFences: 1, failedReleases: 1}}},
		"repeat lease":                         {world: world{writers: 1, readers: 2, rules: rules{repeatLease: true}}},
		"repeat fence":                         {world: world{writers: 2, readers: 2, rules: rules{repeatFence: true}, faults: faults{expiries: 1}}},
		"repeat fence and release":             {world: world{writers: 2, readers: 2, rules: rules{repeatFence: true}, faults: faults{releaseCopies: 1, expiries: 1}}},
		"plain repair":                         {world: world{writers: 1, readers: 2, rules: rules{plainRepair: true}, faults: faults{spoils: 1}}},
		"transaction outlives fence":           {world: world{writers: 1, readers: 2, rules: rules{expireAnyTime: true}, faults: faults{expiries: 1}}},
		"restart":                              {world: world{writers: 1, readers: 2, faults: faults{restarts: 1}}},
		"restart, failing release":             {world: world{writers: 1, readers: 2, faults: faults{restarts: 1, failedReleases: 1}}},
		"unfenced":                             {world: world{writers: 1, readers: 3, faults: faults{lateFences: 1}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := tt.search()
			t.Logf("%d states stale %v back %v", v.states, v.stale != nil, v.back != nil)
			if v.stale != nil {
				t.Log(describe(v.stale))
			} else if v.back != nil {
				t.Log(describe(v.back))
			}
		})
	}
}
