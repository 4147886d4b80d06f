package usercache_test

import "github.com/glarimy/ums/shared/usercache"

// transition is one thing that can happen in a state.
type transition struct {
	move  move
	actor int // the writer, the reader, the reader whose load it is, or the version of an event
	next  state
	stale bool // somebody was given a version older than one acknowledged before the read began
	back  bool // somebody was given a version older than one read before the read began
}

// next calls yield with everything that can happen in s.
func (w *world) next(s state, yield func(transition)) {
	for i := range w.writers {
		w.writer(s, i, yield)
	}
	for i := range w.readers {
		w.reader(s, i, yield)
		w.load(s, i, yield)
		w.direct(s, i, yield)
	}
	w.network(s, yield)
	w.mishaps(s, yield)
}

func (w *world) writer(s state, i int, yield func(transition)) {
	me := &s.writers[i]
	switch at := me.at; {
	case at == writerIdle && !w.noRowLock:
		if s.lock == 0 {
			s.lock, me.at = uint8(i)+1, writerChanged
			yield(transition{move: moveChange, actor: i, next: s})
		}
	case at == writerIdle, at == writerChanged && !w.noFence:
		w.fence(s, i, yield)
	case at == writerChanged, at == writerFenced:
		w.end(s, i, yield)
	case at == writerEnded:
		w.release(s, i, yield)
	}
}

func (w *world) fence(s state, i int, yield func(transition)) {
	s.writers[i].at = writerFenced
	if s.faults.lateFences > 0 {
		late := s
		late.faults.lateFences--
		late.late |= 1 << i
		late.writers[i].unconfirmed = true
		yield(transition{move: moveFenceLate, actor: i, next: late})
	}
	s.key = cell{holdsFence, uint8(i)}
	if w.repeatFence {
		s.late |= 1 << i
	}
	yield(transition{move: usercache.StepFence, actor: i, next: s})
}

func (w *world) end(s state, i int, yield func(transition)) {
	if s.lock == uint8(i)+1 {
		s.lock = 0
	}
	s.writers[i].at = writerEnded
	if s.faults.rollbacks > 0 {
		back := s
		back.faults.rollbacks--
		yield(transition{move: moveRollback, actor: i, next: back})
	}
	s.db++
	s.events |= 1 << s.db
	s.writers[i].version = s.db
	yield(transition{move: moveCommit, actor: i, next: s})
	if s.faults.abandons > 0 {
		s.faults.abandons--
		s.writers[i] = writer{at: writerDone}
		yield(transition{move: moveAbandon, actor: i, next: s})
	}
}

func (w *world) release(s state, i int, yield func(transition)) {
	me := s.writers[i]
	s.writers[i] = writer{at: writerDone}
	if s.faults.failedReleases > 0 {
		failed := s
		failed.faults.failedReleases--
		if !me.unconfirmed && !w.noFence {
			failed.acked = max(s.acked, me.version)
		}
		yield(transition{move: moveUnreleased, actor: i, next: failed})
	}
	s.acked = max(s.acked, me.version)
	s.key = w.released(s.key, i, me.unconfirmed)
	if s.faults.releaseCopies > 0 && !me.unconfirmed {
		copied := s
		copied.faults.releaseCopies--
		copied.again |= 1 << i
		yield(transition{move: usercache.StepRelease, actor: i, next: copied})
	}
	yield(transition{move: usercache.StepRelease, actor: i, next: s})
}

// released returns what the release by writer i makes of the key.
func (w *world) released(key cell, i int, unconfirmed bool) cell {
	own := key == cell{holdsFence, uint8(i)}
	switch {
	case w.plainRelease, own && (!unconfirmed || w.trustLateFence):
		return cell{}
	case key.holder == holdsFence, w.ownRelease:
		return key
	}
	return cell{}
}

func (w *world) reader(s state, i int, yield func(transition)) {
	me := &s.readers[i]
	switch me.at {
	case readerIdle:
		if i > 0 && s.readers[i-1].at == readerIdle {
			return // readers arrive in their order
		}
		me.acked, me.seen = s.acked, s.seen
		w.look(s, i, yield)
	case readerAgain:
		w.look(s, i, yield)
	case readerMissed:
		w.lease(s, i, usercache.StepLease, s.key.holder == holdsNothing, yield)
	case readerPuzzled:
		w.lease(s, i, usercache.StepSeize, s.key.holder == holdsGarbage || w.plainRepair, yield)
	case readerGiven:
		w.join(s, i, yield)
	case readerBypassing:
		w.bypass(s, i, yield)
	}
}

func (w *world) look(s state, i int, yield func(transition)) {
	me := &s.readers[i]
	if s.faults.skips > 0 {
		skipped := s
		skipped.faults.skips--
		skipped.readers[i].at = readerBypassing
		yield(transition{move: moveSkip, actor: i, next: skipped})
	}
	me.looks++
	if w.joinAny {
		if j, ok := w.loadOf(s, i); ok {
			me.at, me.of = readerAwaitsLoad, j
			yield(w.told(s, i, j, usercache.StepLook))
			return
		}
	}
	switch s.key.holder {
	case holdsNothing:
		me.at = readerMissed
	case holdsGarbage:
		me.at = readerPuzzled
	case holdsLease:
		me.at, me.of = readerGiven, s.key.by
	case holdsFence:
		me.at = readerBypassing
	case holdsUser:
		t := transition{move: usercache.StepLook, actor: i}
		t.answer(&s, i, s.key.by)
		t.next = s
		yield(t)
		return
	}
	yield(transition{move: usercache.StepLook, actor: i, next: s})
}

// loadOf returns a load that runs in the process of reader i.
func (w *world) loadOf(s state, i int) (uint8, bool) {
	for j := range w.readers {
		if w.process[i] == w.process[j] && s.loads[j].at != loadNone {
			return uint8(j), true
		}
	}
	return 0, false
}

func (w *world) lease(s state, i int, m move, free bool, yield func(transition)) {
	me := &s.readers[i]
	if !free {
		me.lookAgain()
		yield(transition{move: m, actor: i, next: s})
		return
	}
	s.key = cell{holdsLease, uint8(i)}
	s.loads[i] = load{at: loadWaiting}
	me.at, me.of = readerAwaitsLoad, uint8(i)
	if w.repeatLease {
		s.copies |= 1 << i
	}
	yield(transition{move: m, actor: i, next: s})
}

func (r *reader) lookAgain() {
	r.at, r.of = readerAgain, 0
	if r.looks == looks {
		r.at = readerBypassing
	}
}

func (w *world) join(s state, i int, yield func(transition)) {
	me := &s.readers[i]
	j := me.of
	if w.process[i] == w.process[j] && s.loads[j].at != loadNone {
		me.at = readerAwaitsLoad
		yield(w.told(s, i, j, usercache.StepJoin))
		return
	}
	me.lookAgain()
	yield(transition{move: usercache.StepJoin, actor: i, next: s})
}

// told gives reader i, who has just joined the load of reader j, its result if it is there.
func (w *world) told(s state, i int, j uint8, m move) transition {
	t := transition{move: m, actor: i}
	switch s.loads[j].at {
	case loadRead:
		t.answer(&s, i, s.loads[j].value)
	case loadFailed:
		s.readers[i] = reader{at: readerDone}
	}
	t.next = s
	return t
}

func (w *world) bypass(s state, i int, yield func(transition)) {
	me := &s.readers[i]
	me.at, me.of = readerAwaitsDirect, uint8(i)
	for j := range w.readers {
		open := s.directs[j].at == loadWaiting || w.joinSent && s.directs[j].at == loadSent
		if w.process[i] == w.process[j] && open {
			me.of = uint8(j)
		}
	}
	if me.of == uint8(i) {
		s.directs[i] = load{at: loadWaiting}
	}
	yield(transition{move: usercache.StepDirect, actor: i, next: s})
}

// load is what the load with the lease of reader i can do.
func (w *world) load(s state, i int, yield func(transition)) {
	switch l := &s.loads[i]; l.at {
	case loadWaiting:
		if s.faults.failedLoads > 0 {
			failed := s
			failed.faults.failedLoads--
			failed.loads[i].at = loadFailed
			for j := range failed.readers {
				if r := &failed.readers[j]; r.at == readerAwaitsLoad && r.of == uint8(i) {
					*r = reader{at: readerDone}
				}
			}
			yield(transition{move: moveFail, actor: i, next: failed})
		}
		l.at, l.value = loadRead, s.db
		yield(w.deliver(s, i, readerAwaitsLoad, l.value, usercache.StepRead))
	case loadRead:
		if w.plainFill || w.ownsLease(s.key, i) {
			s.key = cell{holdsUser, l.value}
		}
		s.loads[i] = load{}
		yield(transition{move: usercache.StepFill, actor: i, next: s})
	case loadFailed:
		if s.key == (cell{holdsLease, uint8(i)}) {
			s.key = cell{}
		}
		s.loads[i] = load{}
		yield(transition{move: usercache.StepDrop, actor: i, next: s})
	}
}

func (w *world) ownsLease(key cell, i int) bool {
	if key.holder != holdsLease {
		return false
	}
	return key.by == uint8(i) || w.processLease && w.process[key.by] == w.process[i]
}

// direct is what the load of reader i can do that holds no lease.
func (w *world) direct(s state, i int, yield func(transition)) {
	switch l := &s.directs[i]; {
	case l.at == loadWaiting && w.joinSent:
		l.at, l.value = loadSent, s.db
		yield(transition{move: usercache.StepSelect, actor: i, next: s})
	case l.at == loadWaiting, l.at == loadSent:
		value := s.db
		if l.at == loadSent {
			value = l.value
		}
		s.directs[i] = load{}
		yield(w.deliver(s, i, readerAwaitsDirect, value, usercache.StepSelect))
	}
}

// deliver gives the result of reader i's load to all who wait for it.
func (w *world) deliver(s state, i int, waiting, value uint8, m move) transition {
	t := transition{move: m, actor: i}
	for j := range s.readers {
		if r := s.readers[j]; r.at == waiting && r.of == uint8(i) {
			t.answer(&s, j, value)
		}
	}
	t.next = s
	return t
}

// answer ends reader i with a version and notes whether that breaks a promise.
func (t *transition) answer(s *state, i int, version uint8) {
	t.stale = t.stale || version < s.readers[i].acked
	t.back = t.back || version < s.readers[i].seen
	s.seen = max(s.seen, version)
	s.readers[i] = reader{at: readerDone}
}

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
