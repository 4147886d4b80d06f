package usercache_test

import "github.com/glarimy/ums/shared/usercache"

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
		free := s.key.holder == holdsGarbage || s.key.holder == holdsNothing
		w.lease(s, i, usercache.StepSeize, free || w.plainRepair, yield)
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
	if at := s.loads[j].at; w.process[i] == w.process[j] && at != loadNone && at != loadFailed {
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
	if s.loads[j].at == loadRead {
		t.answer(&s, i, s.loads[j].value)
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
