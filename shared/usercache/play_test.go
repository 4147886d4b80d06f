package usercache_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/glarimy/ums/shared/user"
	"github.com/glarimy/ums/shared/usercache"
)

// garbage is what a spoilt key holds.
const garbage = `user:"1-1"{}`

// play is one interleaving being forced upon a stage.
type play struct {
	*stage
	world     *world
	vanishing bool // the user is not there in odd versions
	name      user.Name
	free      chan struct{}
	running   sync.WaitGroup
	writers   [maxWriters]*actor
	readers   [maxReaders]*actor
	values    map[cell]string // what the key holds, in Redis's own words
}

// play forces a path upon the code, and returns the first difference between what the model says and what is.
func (s *stage) play(t *testing.T, w *world, vanishing bool, path []transition) error {
	s.plays++
	p := &play{
		stage: s, world: w, vanishing: vanishing,
		name:   newName(t),
		free:   make(chan struct{}),
		values: map[cell]string{{}: "", {holdsGarbage, 0}: garbage},
	}
	if err := s.table.add(t.Context(), p.name); err != nil {
		return err
	}
	defer p.running.Wait()
	defer close(p.free)
	for v := range uint8(1 + maxWriters) {
		p.values[cell{holdsUser, v}] = p.user(v)
	}
	from := w.start()
	for n, step := range path {
		if err := p.step(t.Context(), from, step); err != nil {
			return fmt.Errorf("%w, after%s", err, describe(path[:n+1]))
		}
		from = step.next
	}
	return nil
}

// user returns what the key holds when the user is cached in a version.
func (p *play) user(version uint8) string {
	if !p.present(version) {
		return "none:"
	}
	e := usercache.NewEntry(atRevision(p.name, uint64(version)))
	return "user:" + e.ETag() + e.Record()
}

func (p *play) present(version uint8) bool { return !p.vanishing || version%2 == 0 }

// step has one thing happen, waits until all that follows from it by itself has happened, and looks at the key.
func (p *play) step(ctx context.Context, from state, t transition) error {
	if err := p.act(ctx, from, t); err != nil {
		return err
	}
	for i := range p.world.writers {
		if err := p.await(p.writers[i], writerEvents(from, t, i)); err != nil {
			return fmt.Errorf("W%d: %w", i+1, err)
		}
		if t.next.writers[i].at == writerDone && from.writers[i].at != writerDone {
			if o := <-p.writers[i].outcome; o.err != nil {
				return fmt.Errorf("W%d: %w", i+1, o.err)
			}
		}
	}
	for i := range p.world.readers {
		if err := p.await(p.readers[i], readerEvents(from, t, i)); err != nil {
			return fmt.Errorf("R%d: %w", i+1, err)
		}
		if t.next.readers[i].at == readerDone && from.readers[i].at != readerDone {
			if err := p.answered(i, t); err != nil {
				return fmt.Errorf("R%d: %w", i+1, err)
			}
		}
	}
	p.caches[0].SkipRedis(false)
	p.caches[1].SkipRedis(false)
	return p.holds(ctx, t.next.key)
}

// act makes t happen.
func (p *play) act(ctx context.Context, from state, t transition) error {
	key := usercache.Key(p.name)
	switch t.move {
	case usercache.StepDelete:
		return p.caches[0].Invalidate(ctx, p.name)
	case moveArrive:
		return p.redis.Do(ctx, p.writers[t.actor].late...).Err()
	case moveExpire, moveLapse, moveRestart:
		return p.redis.Del(ctx, key).Err()
	case moveSpoil:
		return p.redis.Set(ctx, key, garbage, 0).Err()
	case moveChange:
		p.writers[t.actor] = p.enter(ctx, func(ctx context.Context, a *actor) outcome {
			return outcome{err: p.write(ctx, a)}
		})
		p.writers[t.actor].present = p.present(from.db + 1)
		return p.tell(p.writers[t.actor], t.move, true)
	case moveCommit, moveRollback, moveAbandon, usercache.StepFence, moveFenceLate, usercache.StepRelease, moveUnreleased:
		return p.tell(p.writers[t.actor], t.move, false)
	case moveSkip:
		p.caches[p.world.process[t.actor]].SkipRedis(true)
	}
	arrives := from.readers[t.actor].at == readerIdle
	if arrives {
		p.readers[t.actor] = p.enter(ctx, func(ctx context.Context, _ *actor) outcome {
			e, err := p.caches[p.world.process[t.actor]].Get(ctx, p.name)
			return outcome{e, err}
		})
	}
	return p.tell(p.readers[t.actor], t.move, arrives)
}

// enter starts an actor.
func (p *play) enter(ctx context.Context, run func(context.Context, *actor) outcome) *actor {
	a := newActor(p.free)
	p.running.Go(func() { a.outcome <- run(a.context(ctx), a) })
	return a
}

// write is the whole of a writer.
func (p *play) write(ctx context.Context, a *actor) error {
	hold(ctx, moveChange)
	c, err := p.table.begin(ctx, p.name, a.present)
	if err != nil {
		return err
	}
	fence := p.fencer.Fence(ctx, p.name)
	if confirmed := fence.Err() == nil; confirmed != (doing(ctx) == usercache.StepFence) {
		return fmt.Errorf("the fence: %w", fence.Err())
	}
	hold(ctx, moveCommit)
	switch doing(ctx) {
	case moveRollback:
		err = c.Rollback()
	case moveAbandon:
		fence.Abandon()
		return c.Commit()
	default:
		err = c.Commit()
	}
	if err != nil {
		return err
	}
	err = fence.Release(ctx)
	if errors.Is(err, errInjected) && doing(ctx) == moveUnreleased {
		return nil
	}
	return err
}

// tell lets an actor go on. One that has just entered is waited for.
func (p *play) tell(a *actor, m move, entered bool) error {
	if entered {
		if _, err := a.next(); err != nil {
			return err
		}
	}
	select {
	case a.proceed <- m:
		return nil
	case <-time.After(patience):
		return fmt.Errorf("is not held at any step, though it should be able to %s", moveNames[m])
	}
}

// patience is how long a step may take on a busy machine.
const patience = 30 * time.Second

// next returns what the actor reaches next.
func (a *actor) next() (move, error) {
	select {
	case m := <-a.reached:
		return m, nil
	case <-time.After(patience):
		return 0, errors.New("does not move")
	}
}

// await waits until the actor has reached all of what is expected, in any order.
func (p *play) await(a *actor, expected []move) error {
	for len(expected) > 0 {
		m, err := a.next()
		if err != nil {
			return fmt.Errorf("%w towards %q", err, names(expected))
		}
		rest := remove(expected, m)
		if len(rest) == len(expected) {
			return fmt.Errorf("reached %s instead of %q", moveNames[m], names(expected))
		}
		expected = rest
	}
	return nil
}

func remove(moves []move, m move) []move {
	for i := range moves {
		if moves[i] == m {
			return append(append([]move{}, moves[:i]...), moves[i+1:]...)
		}
	}
	return moves
}

func names(moves []move) string {
	var s []string
	for _, m := range moves {
		s = append(s, moveNames[m])
	}
	return strings.Join(s, ", ")
}

// answered checks what a reader was given.
func (p *play) answered(i int, t transition) error {
	o := <-p.readers[i].outcome
	switch {
	case t.failed:
		if !errors.Is(o.err, errInjected) {
			return fmt.Errorf("got error %v, want that of its load", o.err)
		}
	case !p.present(t.given):
		if !errors.Is(o.err, user.ErrNotFound) {
			return fmt.Errorf("got %v and error %v, want not found", o.entry, o.err)
		}
	default:
		if want := usercache.NewEntry(atRevision(p.name, uint64(t.given))); o.err != nil || o.entry != want {
			return fmt.Errorf("got %v and error %v, want %v", o.entry, o.err, want)
		}
	}
	return nil
}

// holds checks what the key holds. Tokens are learnt when they are seen first.
func (p *play) holds(ctx context.Context, c cell) error {
	got, err := p.redis.Get(ctx, usercache.Key(p.name)).Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		return err
	}
	want, ok := p.values[c]
	if !ok {
		prefix := map[holder]string{holdsLease: "lease:", holdsFence: "fence:"}[c.holder]
		for _, known := range p.values {
			ok = ok || known == got
		}
		if ok || !strings.HasPrefix(got, prefix) {
			return fmt.Errorf("the key holds %q, want a new %s", got, c)
		}
		p.values[c] = got
		return nil
	}
	if got != want {
		return fmt.Errorf("the key holds %q, want the %s, %q", got, c, want)
	}
	return nil
}
