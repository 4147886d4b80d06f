package usercache_test

// transition is one thing that can happen in a state.
type transition struct {
	move   move
	actor  int // the writer, the reader, the reader whose load it is, or the version of an event
	next   state
	given  uint8 // the version that those readers were given who ended with it
	failed bool  // those readers were given an error instead
	stale  bool  // somebody was given a version older than one acknowledged before the read began
	back   bool  // somebody was given a version older than one read before the read began
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

// answer ends reader i with a version and notes whether that breaks a promise.
func (t *transition) answer(s *state, i int, version uint8) {
	t.given = version
	t.stale = t.stale || version < s.readers[i].acked
	t.back = t.back || version < s.readers[i].seen
	s.seen = max(s.seen, version)
	s.readers[i] = reader{at: readerDone}
}
