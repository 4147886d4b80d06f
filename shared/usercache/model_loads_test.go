package usercache_test

import "github.com/glarimy/ums/shared/usercache"

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
			yield(transition{move: moveFail, actor: i, next: failed, failed: true})
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
