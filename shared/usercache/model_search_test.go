package usercache_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/glarimy/ums/shared/usercache"
)

// verdict is what an exhaustive search found. A path is a shortest way to a broken promise, nil where it is kept.
type verdict struct {
	states int
	stale  []transition // a read begun after an acknowledgement returned an older version
	back   []transition // a read begun after another had returned returned an older version
}

// search visits every state that w can reach, breadth first. It ends early if it finds an acknowledged write missed.
func (w *world) search() verdict {
	type origin struct {
		from int32
		by   transition
	}
	queue := []state{w.start()}
	origins := []origin{{from: -1}}
	seen := map[state]struct{}{queue[0]: {}}
	path := func(at int, last transition) []transition {
		steps := []transition{last}
		for ; origins[at].from >= 0; at = int(origins[at].from) {
			steps = append(steps, origins[at].by)
		}
		slices.Reverse(steps)
		return steps
	}
	var v verdict
	for at := 0; at < len(queue) && v.stale == nil; at++ {
		w.next(queue[at], func(t transition) {
			if t.stale && v.stale == nil {
				v.stale = path(at, t)
			}
			if t.back && v.back == nil {
				v.back = path(at, t)
			}
			if _, ok := seen[t.next]; !ok {
				seen[t.next] = struct{}{}
				queue = append(queue, t.next)
				origins = append(origins, origin{int32(at), t})
			}
		})
	}
	v.states = len(queue)
	return v
}

// describe writes a path for a person.
func describe(path []transition) string {
	if path == nil {
		return " no"
	}
	var b strings.Builder
	for n, t := range path {
		fmt.Fprintf(&b, "\n%3d  %-26s key: %s, database: v%d", n+1, t, t.next.key, t.next.db)
	}
	return b.String()
}

func (t transition) String() string {
	name := moveNames[t.move]
	switch t.move {
	case moveChange, moveCommit, moveRollback, moveAbandon, moveFenceLate, moveArrive, moveUnreleased, moveReleased,
		usercache.StepFence, usercache.StepRelease:
		return fmt.Sprintf("W%d %s", t.actor+1, name)
	case moveExpire, moveLapse, moveRestart, moveSpoil:
		return name
	case usercache.StepDelete:
		return fmt.Sprintf("v%d %s", t.actor, name)
	}
	return fmt.Sprintf("R%d %s", t.actor+1, name)
}
