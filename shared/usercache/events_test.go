package usercache_test

import "github.com/glarimy/ums/shared/usercache"

// writerEvents returns the steps that writer i reaches when t happens.
func writerEvents(from state, t transition, i int) []move {
	at := t.next.writers[i].at
	if at == from.writers[i].at {
		return nil
	}
	switch at {
	case writerChanged:
		return []move{usercache.StepFence}
	case writerFenced:
		return []move{moveCommit}
	case writerEnded:
		return []move{usercache.StepRelease}
	}
	return nil
}

// readerEvents returns the steps that reader i or its load reach when t happens.
func readerEvents(from state, t transition, i int) []move {
	var events []move
	before, after := heldAt(from, i), heldAt(t.next, i)
	acts := t.actor == i && ofReader(t.move)
	for _, m := range after {
		if acts || len(remove(before, m)) == len(before) {
			events = append(events, m)
		}
	}
	if !acts {
		return events
	}
	was, is := from.readers[i].at, t.next.readers[i].at
	switch t.move {
	case usercache.StepLease, usercache.StepSeize, usercache.StepDirect, usercache.StepJoin:
		if is == readerAwaitsLoad || is == readerAwaitsDirect || is == readerDone && was != readerDone {
			events = append(events, usercache.StepAwait)
		}
	case usercache.StepFill, usercache.StepDrop, usercache.StepSelect:
		events = append(events, usercache.StepOver)
	}
	return events
}

// ofReader reports whether a move is one of a reader or its load.
func ofReader(m move) bool {
	return m <= usercache.StepSelect || m == moveSkip || m == moveFail
}

// heldAt returns the steps that reader i and its load are held at.
func heldAt(s state, i int) []move {
	var held []move
	switch s.readers[i].at {
	case readerAgain:
		held = append(held, usercache.StepLook)
	case readerMissed:
		held = append(held, usercache.StepLease)
	case readerPuzzled:
		held = append(held, usercache.StepSeize)
	case readerGiven:
		held = append(held, usercache.StepJoin)
	case readerBypassing:
		held = append(held, usercache.StepDirect)
	}
	switch s.loads[i].at {
	case loadWaiting:
		held = append(held, usercache.StepRead)
	case loadRead:
		held = append(held, usercache.StepFill)
	case loadFailed:
		held = append(held, usercache.StepDrop)
	}
	if s.directs[i].at == loadWaiting {
		held = append(held, usercache.StepSelect)
	}
	return held
}
