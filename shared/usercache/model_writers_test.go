package usercache_test

import "github.com/glarimy/ums/shared/usercache"

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
