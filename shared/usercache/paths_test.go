package usercache_test

import (
	"iter"
	"slices"
)

// everyPath yields every interleaving of w from its start to where nothing can happen any more. A path is only valid
// until the next.
func (w *world) everyPath() iter.Seq[[]transition] {
	return func(yield func([]transition) bool) {
		var path []transition
		var walk func(s state) bool
		walk = func(s state) bool {
			ended, more := true, true
			w.next(s, func(t transition) {
				ended = false
				if more {
					path = append(path, t)
					more = walk(t.next)
					path = path[:len(path)-1]
				}
			})
			return more && (!ended || yield(path))
		}
		walk(w.start())
	}
}

// paths counts the interleavings that everyPath yields, and the transitions they are made of.
func (w *world) paths() (paths uint64, transitions int) {
	known := map[state]uint64{}
	var count func(s state) uint64
	count = func(s state) uint64 {
		if n, ok := known[s]; ok {
			return n
		}
		var n uint64
		w.next(s, func(t transition) {
			transitions++
			n += count(t.next)
		})
		known[s] = max(n, 1)
		return known[s]
	}
	return count(w.start()), transitions
}

// cover yields paths that together take every transition of w: whatever can happen does, in every state that can be
// reached. Since the state is all there is, every interleaving is made of them. A path is only valid until the next.
func (w *world) cover() iter.Seq[[]transition] {
	return func(yield func([]transition) bool) {
		open := map[state][]transition{} // of each state that was reached, what was not taken
		origin := map[state]transition{} // how a state was reached first
		from := map[state]state{}
		reach := func(s state) {
			if _, ok := open[s]; !ok {
				var all []transition
				w.next(s, func(t transition) { all = append(all, t) })
				open[s] = all
			}
		}
		take := func(s state) (transition, bool) {
			left := open[s]
			if len(left) == 0 {
				return transition{}, false
			}
			t := left[len(left)-1]
			open[s] = left[:len(left)-1]
			if _, ok := open[t.next]; !ok {
				origin[t.next], from[t.next] = t, s
			}
			reach(t.next)
			return t, true
		}
		start := w.start()
		reach(start)
		unfinished := []state{start}
		for len(unfinished) > 0 {
			s := unfinished[len(unfinished)-1]
			if len(open[s]) == 0 {
				unfinished = unfinished[:len(unfinished)-1]
				continue
			}
			path := lead(start, s, origin, from)
			for {
				t, ok := take(s)
				if !ok {
					break
				}
				path = append(path, t)
				s = t.next
				unfinished = append(unfinished, s)
			}
			if !yield(path) {
				return
			}
		}
	}
}

// lead returns the way by which s was reached first.
func lead(start, s state, origin map[state]transition, from map[state]state) []transition {
	var path []transition
	for ; s != start; s = from[s] {
		path = append(path, origin[s])
	}
	slices.Reverse(path)
	return path
}
