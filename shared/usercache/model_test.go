package usercache_test

import (
	"fmt"

	"github.com/glarimy/ums/shared/usercache"
)

// The files model_*_test.go are the protocol as a state machine: one user, a few writers and readers, and everything
// that can happen to them. Versions of the user count from 0; each write makes the next one.

const (
	maxWriters = 2
	maxReaders = 3
)

// move names what happened: a step of the protocol as the code names it, a move of the database, or a fault.
type move = usercache.Step

const (
	moveChange     = usercache.Steps + iota // a writer changes the row and holds its lock
	moveCommit                              // COMMIT takes effect and is confirmed
	moveRollback                            // ROLLBACK likewise
	moveAbandon                             // COMMIT takes effect, but its writer never learns of it
	moveFenceLate                           // a writer gives its SET up, which is still on its way
	moveArrive                              // that SET arrives
	moveUnreleased                          // the release fails; the write is answered
	moveReleased                            // a second copy of a release arrives
	moveLeaseCopy                           // a second copy of a lease arrives
	moveSkip                                // a reader cannot use Redis
	moveFail                                // a load that holds a lease fails
	moveExpire                              // a fence expires
	moveLapse                               // a lease expires
	moveRestart                             // Redis is emptied
	moveSpoil                               // the key comes to hold what nobody can decode
	moves
)

var moveNames = [moves]string{
	usercache.StepLook:    "look",
	usercache.StepLease:   "lease",
	usercache.StepSeize:   "seize",
	usercache.StepRead:    "read",
	usercache.StepFill:    "fill",
	usercache.StepDrop:    "drop",
	usercache.StepJoin:    "join",
	usercache.StepDirect:  "direct",
	usercache.StepSelect:  "select",
	usercache.StepFence:   "fence",
	usercache.StepRelease: "release",
	usercache.StepDelete:  "durable delete",
	moveChange:            "change",
	moveCommit:            "commit",
	moveRollback:          "rollback",
	moveAbandon:           "commit without knowing",
	moveFenceLate:         "fence given up",
	moveArrive:            "fence arrives",
	moveUnreleased:        "release fails",
	moveReleased:          "release arrives again",
	moveLeaseCopy:         "lease arrives again",
	moveSkip:              "skip Redis",
	moveFail:              "read fails",
	moveExpire:            "fence expires",
	moveLapse:             "lease expires",
	moveRestart:           "Redis restarts empty",
	moveSpoil:             "key is spoilt",
}

// holder says what the key holds.
type holder uint8

const (
	holdsNothing holder = iota
	holdsUser           // in the version by
	holdsLease          // of the load of reader by
	holdsFence          // of writer by
	holdsGarbage
)

type cell struct {
	holder holder
	by     uint8
}

func (c cell) String() string {
	switch c.holder {
	case holdsUser:
		return fmt.Sprintf("user v%d", c.by)
	case holdsLease:
		return fmt.Sprintf("lease R%d", c.by+1)
	case holdsFence:
		return fmt.Sprintf("fence W%d", c.by+1)
	case holdsGarbage:
		return "garbage"
	}
	return "nothing"
}

// Where a writer is.
const (
	writerIdle uint8 = iota
	writerChanged
	writerFenced
	writerEnded // committed or rolled back
	writerDone
)

type writer struct {
	at          uint8
	version     uint8 // what it committed; 0 for a rollback
	unconfirmed bool  // its SET was given up
}

// Where a reader is.
const (
	readerIdle         uint8 = iota
	readerAgain              // about to look again
	readerMissed             // its look found nothing
	readerPuzzled            // its look found garbage
	readerGiven              // its look found a lease: of
	readerBypassing          // about to read the database without filling
	readerAwaitsLoad         // of
	readerAwaitsDirect       // of
	readerDone
)

type reader struct {
	at    uint8
	of    uint8 // the reader whose load is meant
	looks uint8 // how many it has taken
	acked uint8 // the newest version that was acknowledged before it arrived
	seen  uint8 // the newest version that a read had returned before it arrived
}

// Where a load is.
const (
	loadNone    uint8 = iota
	loadWaiting       // it has not read yet
	loadSent          // it has read, and nobody was told
	loadRead          // it has read; a fill is to come
	loadFailed        // it has failed; its lease is to be dropped
)

type load struct {
	at    uint8
	value uint8
}

// state is all there is. It is comparable, and small enough for a million of them.
type state struct {
	db      uint8 // the committed version
	lock    uint8 // 1 + the writer who holds the row's lock
	key     cell
	acked   uint8 // the newest version acknowledged whose fence or delete was confirmed
	seen    uint8 // the newest version that a read has returned
	events  uint8 // bit n: the event of version n is to come
	late    uint8 // bit n: a SET of writer n's fence is on its way
	again   uint8 // bit n: a copy of writer n's release is on its way
	copies  uint8 // bit n: a copy of reader n's lease is on its way
	writers [maxWriters]writer
	readers [maxReaders]reader
	loads   [maxReaders]load // of each reader, with its lease
	directs [maxReaders]load // of each reader, without
	faults  faults
}

// faults says how often each of them may still happen.
type faults struct {
	rollbacks, abandons, lateFences, failedReleases, releaseCopies uint8
	skips, failedLoads, expiries, lapses, restarts, spoils         uint8
}

// rules are departures from the protocol, each of which gives up one clause of it. The zero value departs in nothing.
type rules struct {
	noRowLock      bool // the fence is set before the row is changed
	noFence        bool // the key is deleted after the commit, and that is all
	plainRelease   bool // a release deletes whatever the key holds
	ownRelease     bool // a release deletes only the writer's own fence
	plainDelete    bool // the durable delete deletes whatever the key holds
	trustLateFence bool // a fence that was given up is released like another
	repeatFence    bool // a confirmed SET may have a copy on its way
	repeatLease    bool // a lease may have a copy on its way
	plainFill      bool // a fill does not compare
	processLease   bool // leases are told apart by process, not by load
	joinAny        bool // a reader joins any load of its process
	joinSent       bool // a reader who skips Redis joins a load whose SELECT was sent
	plainRepair    bool // garbage is replaced by a lease without comparing
	expireAnyTime  bool // a transaction may outlive its fence
}

// world is a protocol and those who follow it.
type world struct {
	rules
	faults
	writers, readers int
	process          [maxReaders]uint8 // in which each reader runs
}

// looks is how often a reader of the model looks before it reads the database without filling.
const looks = 2

func (w *world) start() state { return state{faults: w.faults} }
