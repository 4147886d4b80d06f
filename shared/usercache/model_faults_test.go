package usercache_test

import "github.com/glarimy/ums/shared/usercache"

// network is what arrives late.
func (w *world) network(s state, yield func(transition)) {
	for n := range 1 + w.writers {
		if s.events&(1<<n) != 0 {
			t := transition{move: usercache.StepDelete, actor: n, next: s}
			t.next.events &^= 1 << n
			if w.plainDelete || s.key.holder != holdsFence {
				t.next.key = cell{}
			}
			yield(t)
		}
	}
	for i := range w.writers {
		if s.late&(1<<i) != 0 {
			t := transition{move: moveArrive, actor: i, next: s}
			t.next.late &^= 1 << i
			t.next.key = cell{holdsFence, uint8(i)}
			yield(t)
		}
		if s.again&(1<<i) != 0 {
			t := transition{move: moveReleased, actor: i, next: s}
			t.next.again &^= 1 << i
			t.next.key = w.released(s.key, i, false)
			yield(t)
		}
	}
	for i := range w.readers {
		if s.copies&(1<<i) != 0 {
			t := transition{move: moveLeaseCopy, actor: i, next: s}
			t.next.copies &^= 1 << i
			if s.key.holder == holdsNothing {
				t.next.key = cell{holdsLease, uint8(i)}
			}
			yield(t)
		}
	}
}

// mishaps are what can happen to the key by itself.
func (w *world) mishaps(s state, yield func(transition)) {
	vanish := func(m move, left func(*faults) *uint8, to cell) {
		next := s
		if n := left(&next.faults); *n > 0 {
			*n--
			next.key = to
			yield(transition{move: m, next: next})
		}
	}
	switch s.key.holder {
	case holdsFence:
		if w.expireAnyTime || !s.fenced() {
			vanish(moveExpire, func(f *faults) *uint8 { return &f.expiries }, cell{})
		}
	case holdsLease:
		vanish(moveLapse, func(f *faults) *uint8 { return &f.lapses }, cell{})
	}
	if s.key.holder != holdsNothing {
		vanish(moveRestart, func(f *faults) *uint8 { return &f.restarts }, cell{})
	}
	if s.key.holder != holdsFence {
		vanish(moveSpoil, func(f *faults) *uint8 { return &f.spoils }, cell{holdsGarbage, 0})
	}
}

// fenced reports whether a transaction with a fence is open. Its deadline keeps every fence that was set since it began
// from expiring.
func (s *state) fenced() bool {
	for _, w := range s.writers {
		if w.at == writerFenced {
			return true
		}
	}
	return false
}
