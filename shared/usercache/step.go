package usercache

import "context"

// step is one move of the protocol: something that happens at once, between which and the next anything else may
// happen. The tests name the moves of their model by these constants and force them upon the code in any order.
type step uint8

const (
	stepLook    step = iota // a reader gets the key, at first or after it met another's lease
	stepLease               // a reader sets its lease where the key is absent
	stepSeize               // a reader sets its lease where the key holds a value that it cannot decode
	stepRead                // a load that holds a lease reads the database
	stepFill                // that load fills
	stepDrop                // that load failed and gives its lease back
	stepJoin                // a reader joins the load whose token it was given
	stepDirect              // a reader asks for the database without filling
	stepSelect              // the load that serves such readers reads the database
	stepFence               // a writer sets its fence
	stepRelease             // a writer releases its fence
	stepDelete              // the durable delete
	stepAwait               // a reader waits for a load from now on; nothing is done
	stepOver                // a load has ended; nothing is done
	steps                   // how many there are
)

// tracer is told of each step before it is taken, and may hold it up. It is nil but in tests.
type tracer func(ctx context.Context, s step)

func (t tracer) reach(ctx context.Context, s step) {
	if t != nil {
		t(ctx, s)
	}
}
