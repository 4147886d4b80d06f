package usercache_test

import "testing"

// The processes that three readers run in.
var (
	together    = [maxReaders]uint8{0, 0, 0}
	secondApart = [maxReaders]uint8{0, 1, 0}
	thirdApart  = [maxReaders]uint8{0, 0, 1}
)

// TestModelHolds searches every interleaving of the protocol as it is, with what may go wrong on the way.
func TestModelHolds(t *testing.T) {
	t.Parallel()
	tests := map[string]world{
		"readers of one process":       {writers: 2, readers: 3, process: together},
		"one reader apart":             {writers: 1, readers: 3, process: secondApart},
		"another reader apart":         {writers: 1, readers: 3, process: thirdApart},
		"two processes":                {writers: 2, readers: 2, process: secondApart},
		"a release fails":              {writers: 1, readers: 3, faults: faults{failedReleases: 1}},
		"one of two releases fails":    {writers: 2, readers: 2, faults: faults{failedReleases: 1}},
		"a release arrives twice":      {writers: 2, readers: 2, faults: faults{failedReleases: 1, releaseCopies: 1}},
		"a transaction is rolled back": {writers: 2, readers: 2, faults: faults{rollbacks: 1, expiries: 1}},
		"an outcome is unknown":        {writers: 2, readers: 2, faults: faults{abandons: 1, expiries: 1}},
		"fences expire":                {writers: 2, readers: 2, faults: faults{failedReleases: 1, expiries: 2}},
		"a lease expires":              {writers: 1, readers: 3, faults: faults{lapses: 2}},
		"loads fail":                   {writers: 1, readers: 3, faults: faults{failedLoads: 2}},
		"readers skip Redis":           {writers: 1, readers: 3, faults: faults{skips: 3}},
		"the key is spoilt":            {writers: 2, readers: 2, faults: faults{spoils: 1, lapses: 1}},
	}
	for name, w := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			expect(t, &w, keeps)
		})
	}
}

// TestModelBounds shows what is promised when Redis did not do all that the protocol needs of it, and what is not.
func TestModelBounds(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		world
		want promises
	}{
		"a fence is not confirmed, the delete is": {
			world{writers: 1, readers: 3, faults: faults{lateFences: 1, expiries: 1}}, goesBack,
		},
		"the fence of one of two writers is not confirmed": {
			world{writers: 2, readers: 2, faults: faults{lateFences: 1, expiries: 1}}, keeps,
		},
		"it is not, and the release of the other fails": {
			world{writers: 2, readers: 2, faults: faults{lateFences: 1, failedReleases: 1}}, keeps,
		},
		"Redis loses a fence, the delete is confirmed": {
			world{writers: 1, readers: 3, faults: faults{restarts: 1}}, goesBack,
		},
		"Redis loses a fence, and the release fails": {
			world{writers: 1, readers: 2, faults: faults{restarts: 1, failedReleases: 1}}, isStale,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			expect(t, &tt.world, tt.want)
		})
	}
}

// TestModelFails gives up one clause of the protocol after the other and shows that each is needed, and that the search
// finds what breaks without it.
func TestModelFails(t *testing.T) {
	t.Parallel()
	releaseFails := faults{failedReleases: 1}
	tests := map[string]struct {
		world
		want promises
	}{
		"no fence but a delete after the commit": {
			world{writers: 1, readers: 3, rules: rules{noFence: true}}, goesBack,
		},
		"a fence before the row is locked": {
			world{writers: 2, readers: 2, rules: rules{noRowLock: true}, faults: releaseFails}, isStale,
		},
		"a transaction that outlives its fence": {
			world{writers: 1, readers: 2, rules: rules{expireAnyTime: true}, faults: faults{failedReleases: 1, expiries: 1}}, isStale,
		},
		"a release that deletes another's fence": {
			world{writers: 2, readers: 2, rules: rules{plainRelease: true}, faults: releaseFails}, isStale,
		},
		"a release that deletes its own fence alone": {
			world{writers: 1, readers: 2, rules: rules{ownRelease: true}, faults: faults{restarts: 1}}, isStale,
		},
		"a durable delete that deletes fences": {
			world{writers: 2, readers: 2, rules: rules{plainDelete: true}, faults: releaseFails}, isStale,
		},
		"a fill that does not compare": {
			world{writers: 1, readers: 2, rules: rules{plainFill: true}}, isStale,
		},
		"a lease of the process, not of the load": {
			world{writers: 1, readers: 3, rules: rules{processLease: true}}, isStale,
		},
		"joining whatever load is in flight": {
			world{writers: 1, readers: 2, rules: rules{joinAny: true}}, isStale,
		},
		"joining a SELECT that was sent": {
			world{writers: 1, readers: 2, rules: rules{joinSent: true}, faults: faults{skips: 2}}, isStale,
		},
		"a repair that does not compare": {
			world{writers: 1, readers: 2, rules: rules{plainRepair: true}, faults: faults{failedReleases: 1, spoils: 1}}, isStale,
		},
		"a lease that is sent again": {
			world{writers: 1, readers: 2, rules: rules{repeatLease: true}}, isStale,
		},
		"a fence and its release that are sent again": {
			world{
				writers: 2, readers: 2, rules: rules{repeatFence: true},
				faults: faults{failedReleases: 1, releaseCopies: 1},
			}, isStale,
		},
		"a late fence that is released like another": {
			world{
				writers: 2, readers: 2, rules: rules{trustLateFence: true},
				faults: faults{failedReleases: 1, lateFences: 1},
			}, isStale,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			expect(t, &tt.world, tt.want)
		})
	}
}

// promises says which promises are kept.
type promises uint8

const (
	keeps    promises = iota
	goesBack          // a read may return what is older than what a read before it returned, but no acknowledged write is missed
	isStale           // an acknowledged write may be missed
)

func expect(t *testing.T, w *world, want promises) {
	t.Helper()
	v := w.search()
	t.Logf("%d states", v.states)
	got := keeps
	switch {
	case v.stale != nil:
		got = isStale
	case v.back != nil:
		got = goesBack
	}
	if got == want {
		return
	}
	t.Errorf("got %d, want %d\nan acknowledged write is missed:%s\nreads go back in time:%s",
		got, want, describe(v.stale), describe(v.back))
}
