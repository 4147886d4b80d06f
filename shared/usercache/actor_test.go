package usercache_test

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/glarimy/ums/shared/usercache"
)

// errInjected is what a fault of a test looks like.
var errInjected = errors.New("injected by the test")

// actor is a writer or a reader whose code is held at each step until it is told how to go on. A reader's load runs
// in a goroutine of its own, but never acts while the reader does.
type actor struct {
	reached chan move     // what it is held at, or has passed if that is not a step to be held at
	proceed chan move     // goes on with this move: the step itself, or what goes wrong at it
	free    chan struct{} // closed to let it go to its end
	outcome chan outcome

	doing   atomic.Int32 // the move it was told, for the faults
	present bool         // whether the user is there after a writer's change
	late    []any        // the command that a writer gave up
}

type outcome struct {
	entry usercache.Entry
	err   error
}

func newActor(free chan struct{}) *actor {
	return &actor{
		reached: make(chan move, 8),
		proceed: make(chan move),
		free:    free,
		outcome: make(chan outcome, 1),
	}
}

// actorKey is the key of the actor in the context of all that it does.
type actorKey struct{}

func (a *actor) context(ctx context.Context) context.Context {
	return context.WithValue(ctx, actorKey{}, a)
}

func actorOf(ctx context.Context) *actor {
	a, _ := ctx.Value(actorKey{}).(*actor)
	return a
}

// doing returns the move that the actor of ctx was told.
func doing(ctx context.Context) move {
	if a := actorOf(ctx); a != nil {
		return move(a.doing.Load())
	}
	return moves
}

// hold is the tracer of the forced interleavings.
func hold(ctx context.Context, s usercache.Step) {
	a := actorOf(ctx)
	if a == nil {
		return
	}
	select {
	case <-a.free:
		a.doing.Store(int32(s))
		return
	case a.reached <- s:
	}
	if s == usercache.StepAwait || s == usercache.StepOver {
		return
	}
	select {
	case m := <-a.proceed:
		a.doing.Store(int32(m))
	case <-a.free:
		a.doing.Store(int32(s))
	}
}
