package usercache_test

import (
	"flag"
	"testing"

	"github.com/glarimy/ums/shared/enginetest"
)

// Both take long. See TestForced.
var (
	everyPath = flag.Bool("every-path", false, "force every interleaving from its start to its end, one by one")
	large     = flag.Bool("large", false, "force interleavings of more actors and faults too")
)

// TestForced forces the interleavings of the model upon the code, with a real Redis and a real database, and compares
// after each step what the key holds, what readers were given, and which step everybody has come to. What it takes
// are paths that hold every transition of the model: all that can happen, in each state in which it can. Every
// interleaving consists of these. With -every-path it takes each of them from its start to its end.
func TestForced(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		world
		vanishing bool // the first write removes the user
		large     bool
	}{
		"a writer and a reader":     {world: world{writers: 1, readers: 1}},
		"a remover and a reader":    {world: world{writers: 1, readers: 1}, vanishing: true},
		"a writer and two readers":  {world: world{writers: 1, readers: 2}},
		"readers of two processes":  {world: world{writers: 1, readers: 2, process: secondApart}},
		"two writers and a reader":  {world: world{writers: 2, readers: 1}, vanishing: true},
		"Redis fails":               {world: world{writers: 1, readers: 1, faults: faults{lateFences: 1, skips: 1, failedReleases: 1}}},
		"the database fails":        {world: world{writers: 1, readers: 1, faults: faults{rollbacks: 1, abandons: 1, failedLoads: 1}}},
		"leases and fences expire":  {world: world{writers: 1, readers: 1, faults: faults{expiries: 1, lapses: 1}}},
		"Redis forgets":             {world: world{writers: 1, readers: 1, faults: faults{restarts: 2}}},
		"a late fence expires":      {world: world{writers: 1, readers: 1, faults: faults{lateFences: 1, expiries: 1}}},
		"a spoilt key":              {world: world{writers: 1, readers: 1, faults: faults{spoils: 1, lapses: 1}}},
		"readers whose loads fail":  {world: world{readers: 2, faults: faults{failedLoads: 2, skips: 1}}},
		"two writers, all may fail": {world: world{writers: 2, readers: 1, faults: faults{lateFences: 1, failedReleases: 1}}, large: true},
		"two writers, two readers":  {world: world{writers: 2, readers: 2, faults: faults{failedReleases: 1}}, large: true},
		"a writer, three readers":   {world: world{writers: 1, readers: 3, process: thirdApart}, large: true},
	}
	redisURL := enginetest.Redis(t).URL
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if tt.large && !*large {
				t.Skip("takes long: run with -large")
			}
			s := newStage(t, redisURL, sqliteTable(t))
			interleavings, transitions := tt.paths()
			paths := tt.cover()
			if *everyPath {
				paths = tt.everyPath()
			}
			for path := range paths {
				if err := s.play(t, &tt.world, tt.vanishing, path); err != nil {
					t.Fatal(err)
				}
			}
			t.Logf("%d transitions, of which %d interleavings consist, in %d plays", transitions, interleavings, s.plays)
		})
	}
}
