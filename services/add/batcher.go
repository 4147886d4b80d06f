package add

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/user"
)

const (
	mostInFlight = 2  // transactions at a time, for as long as they are quick
	mostInBatch  = 64 // users in one transaction
)

// errAlone says that nothing of a batch was stored, and that each of its users is to be added alone.
var errAlone = errors.New("the batch was broken up")

// batcher lets users that come at the same time share a transaction. While as many are in flight as may be, what comes
// waits and is the next batch; with nothing in flight a user goes at once, alone. No batch has two users of one name, or
// two with one idempotency key. It is safe for concurrent use.
type batcher struct {
	alone    func(ctx context.Context, a addition) error
	together func(ctx context.Context, additions []addition) error // in the order of their names
	meet     func(ctx context.Context, a addition) error           // what a ends with because of what is there already

	// slow is how long a transaction keeps others waiting: one that waits for a lock is not to hold up everybody.
	slow time.Duration

	mu       sync.Mutex
	inFlight int
	waiting  []*place
}

// place is that of one user in the queue.
type place struct {
	addition
	turn chan turn // gets one
	of   *batch    // nil while it waits, and where its turn is to go alone
}

// turn is what a place comes to: the outcome of its batch, or the right to go alone.
type turn struct {
	err   error
	leave func() // ends the right; nil for an outcome
}

// batch is one that is in flight.
type batch struct {
	giveUp  context.CancelFunc
	members int // who still wait for its outcome
}

// add stores a, and returns what its transaction alone would: others of its batch have no part in that. It returns soon
// after ctx has ended, which ends a transaction only when nobody waits for it.
func (b *batcher) add(ctx context.Context, a addition) error {
	t, err := b.await(ctx, a)
	switch {
	case err != nil:
		return err
	case t.leave != nil:
		defer t.leave()
		return b.alone(ctx, a)
	case errors.Is(t.err, errAlone):
		return b.alone(ctx, a)
	}
	return t.err
}

// await returns a turn, or the error of ctx.
func (b *batcher) await(ctx context.Context, a addition) (turn, error) {
	p := &place{addition: a, turn: make(chan turn, 1)}
	b.mu.Lock()
	if b.inFlight < mostInFlight {
		b.inFlight++
		b.mu.Unlock()
		return turn{leave: b.occupy()}, nil
	}
	b.waiting = append(b.waiting, p)
	b.mu.Unlock()
	select {
	case t := <-p.turn:
		return t, nil
	case <-ctx.Done():
		return b.quit(ctx, p)
	}
}

// quit takes a place out of the queue, or out of its batch, whose outcome is then unknown to it.
func (b *batcher) quit(ctx context.Context, p *place) (turn, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if i := slices.Index(b.waiting, p); i >= 0 {
		b.waiting = slices.Delete(b.waiting, i, i+1)
		return turn{}, fmt.Errorf("wait for others to be added: %w", context.Cause(ctx))
	}
	select {
	case t := <-p.turn:
		return t, nil
	default:
	}
	if p.of.members--; p.of.members == 0 {
		p.of.giveUp()
	}
	return turn{}, fmt.Errorf("%w: %w", database.ErrOutcomeUnknown, context.Cause(ctx))
}

// occupy takes a place in flight, which ends with leave, or when it has taken long.
func (b *batcher) occupy() (leave func()) {
	end := sync.OnceFunc(b.next)
	timer := time.AfterFunc(b.slow, end)
	return func() {
		timer.Stop()
		end()
	}
}

// next gives the place of what is not in flight any more to those who wait.
func (b *batcher) next() {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch places := b.take(); len(places) {
	case 0:
		b.inFlight--
	case 1:
		places[0].turn <- turn{leave: b.occupy()}
	default:
		ctx, giveUp := context.WithCancel(context.Background()) // those of the requests end one by one
		of := &batch{giveUp: giveUp, members: len(places)}
		for _, p := range places {
			p.of = of
		}
		go b.run(ctx, giveUp, places)
	}
}

// take returns the next batch: who came first, but no two of one name or one key.
func (b *batcher) take() []*place {
	if len(b.waiting) == 0 {
		return nil
	}
	names, keys := make(map[user.Name]bool, mostInBatch), make(map[keyID]bool)
	var taken, left []*place
	for i, p := range b.waiting {
		if len(taken) == mostInBatch {
			left = append(left, b.waiting[i:]...)
			break
		}
		if names[p.name()] || p.key != nil && keys[p.key.keyID] {
			left = append(left, p)
			continue
		}
		names[p.name()] = true
		if p.key != nil {
			keys[p.key.keyID] = true
		}
		taken = append(taken, p)
	}
	b.waiting = left
	return taken
}

// run adds a batch in the order of its names, as all batches do: two that have names in common do not deadlock.
func (b *batcher) run(ctx context.Context, giveUp context.CancelFunc, places []*place) {
	defer giveUp()
	leave := b.occupy()
	slices.SortFunc(places, func(x, y *place) int {
		return cmp.Compare(x.name().String(), y.name().String())
	})
	err := b.together(ctx, additionsOf(places))
	if errors.Is(err, errAlone) {
		others := b.sift(ctx, places)
		if 0 < len(others) && len(others) < len(places) {
			err = b.together(ctx, additionsOf(others))
		}
		places = others
	}
	leave()
	for _, p := range places {
		b.tell(p, err)
	}
}

// sift tells those of a batch that was broken up who meet what is there already, and returns the others: one of them must
// not cost everybody a transaction of his own.
func (b *batcher) sift(ctx context.Context, places []*place) (others []*place) {
	for _, p := range places {
		if err := b.meet(ctx, p.addition); err != nil {
			b.tell(p, err)
		} else {
			others = append(others, p)
		}
	}
	return others
}

// tell ends the wait of one of a batch.
func (b *batcher) tell(p *place, outcome error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	p.of.members--
	p.turn <- turn{err: outcome}
}

func additionsOf(places []*place) []addition {
	additions := make([]addition, len(places))
	for i, p := range places {
		additions[i] = p.addition
	}
	return additions
}
