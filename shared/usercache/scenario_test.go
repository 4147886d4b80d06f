package usercache_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/glarimy/ums/shared/enginetest"
)

// TestScenarios forces the interleavings upon the code that have broken other caches, step by step. What each step
// must lead to is the model's to say; what the table adds is the last line, which the model must not be able to read
// otherwise.
func TestScenarios(t *testing.T) {
	t.Parallel()
	fails := faults{failedReleases: 1}
	tests := map[string]struct {
		world
		script string
		key    string // what the key holds in the end
		given  uint8  // the version that the last reader is given
	}{
		"a load that began before the write is not joined after it": {
			world: world{writers: 1, readers: 2},
			script: `R1 look, R1 lease, W1 change, W1 fence, R1 read, W1 commit, W1 release,
				R2 look, R2 lease, R1 fill, R2 read, R2 fill`,
			key: "user v1", given: 1,
		},
		"the release of a first writer leaves the fence of a second": {
			world: world{writers: 2, readers: 2, faults: fails},
			script: `W1 change, W1 fence, W1 commit, W2 change, W2 fence, W1 release,
				R1 look, R1 direct, R1 select, W2 commit, W2 release fails, R2 look, R2 direct, R2 select`,
			key: "fence W2", given: 2,
		},
		"two loads of one process have not one lease": { // rueidisaside 1.0.77 keeps v0 for its whole TTL
			world: world{writers: 1, readers: 3},
			script: `R1 look, R1 lease, R1 read, W1 change, W1 fence, W1 commit, W1 release,
				R2 look, R2 lease, R2 read, R1 fill, R2 fill, R3 look`,
			key: "user v1", given: 1,
		},
		"a load that ends after the write does not fill": { // go-redis/cache 9.0.0 sets what it has loaded
			world: world{writers: 1, readers: 2},
			script: `R1 look, R1 lease, R1 read, W1 change, W1 fence, W1 commit, W1 release, R1 fill,
				R2 look, R2 lease, R2 read, R2 fill`,
			key: "user v1", given: 1,
		},
		"a slow load of another process holds nobody up": { // rueidisaside 1.0.77 waits for it to the caller's deadline
			world:  world{writers: 1, readers: 2, process: secondApart},
			script: `R1 look, R1 lease, R2 look, R2 join, R2 look, R2 join, R2 direct, R2 select`,
			key:    "lease R1", given: 0,
		},
		"a late durable delete spares a fence": {
			world: world{writers: 2, readers: 2, faults: fails},
			script: `W1 change, W1 fence, W1 commit, W1 release, W2 change, W2 fence, v1 durable delete,
				R1 look, R1 direct, R1 select, W2 commit, W2 release fails, R2 look, R2 direct, R2 select`,
			key: "fence W2", given: 2,
		},
		"a durable delete repairs what neither fence nor delete has kept": {
			world: world{writers: 1, readers: 2, faults: faults{lateFences: 1, failedReleases: 1}},
			script: `R1 look, R1 lease, R1 read, W1 change, W1 fence given up, W1 commit, W1 release fails, R1 fill,
				v1 durable delete, R2 look, R2 lease, R2 read, R2 fill`,
			key: "user v1", given: 1,
		},
		"a fence that arrives late is not its writer's to delete": {
			world: world{writers: 2, readers: 2, faults: faults{lateFences: 1, failedReleases: 1}},
			script: `W1 change, W1 fence given up, W1 commit, W2 change, W2 fence, W1 fence arrives, W1 release,
				R1 look, R1 direct, R1 select, W2 commit, W2 release fails, R2 look, R2 direct, R2 select`,
			key: "fence W1", given: 2,
		},
		"a spoilt key is not repaired over a fence": {
			world: world{writers: 1, readers: 2, faults: faults{spoils: 1, failedReleases: 1}},
			script: `key is spoilt, R1 look, W1 change, W1 fence, R1 seize, R1 look, R1 direct, R1 select,
				W1 commit, W1 release fails, R2 look, R2 direct, R2 select`,
			key: "fence W1", given: 1,
		},
		"a SELECT that was sent serves none who skip Redis later": {
			world: world{writers: 1, readers: 2, faults: faults{skips: 2}},
			script: `R1 skip Redis, R1 direct, R1 select, W1 change, W1 fence, W1 commit, W1 release,
				R2 skip Redis, R2 direct, R2 select`,
			key: "nothing", given: 1,
		},
	}
	redisURL := enginetest.Redis(t).URL
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path, err := tt.follow(tt.script)
			if err != nil {
				t.Fatal(err)
			}
			end := path[len(path)-1].next
			if got := end.key.String(); got != tt.key {
				t.Errorf("the key holds %s in the model, want %s", got, tt.key)
			}
			if got := given(path); got != tt.given {
				t.Errorf("the last reader is given v%d in the model, want v%d", got, tt.given)
			}
			s := newStage(t, redisURL, sqliteTable(t))
			if err := s.play(t, &tt.world, false, path); err != nil {
				t.Error(err)
			}
		})
	}
}

// follow returns the path that a script describes.
func (w *world) follow(script string) ([]transition, error) {
	var path []transition
	s := w.start()
	for line := range strings.SplitSeq(script, ",") {
		line = strings.TrimSpace(line)
		var taken *transition
		var possible []string
		w.next(s, func(t transition) {
			possible = append(possible, t.String())
			if taken == nil && t.String() == line {
				taken = &t
			}
		})
		if taken == nil {
			return nil, fmt.Errorf("%q cannot happen, but %q, after%s", line, possible, describe(path))
		}
		path = append(path, *taken)
		s = taken.next
	}
	return path, nil
}

// given returns the version that the last reader to end was given.
func given(path []transition) uint8 {
	for i := len(path) - 1; i > 0; i-- {
		if ended(path[i].next) > ended(path[i-1].next) {
			return path[i].given
		}
	}
	return 0
}

// ended returns how many readers have ended.
func ended(s state) (n int) {
	for _, r := range s.readers {
		if r.at == readerDone {
			n++
		}
	}
	return n
}
