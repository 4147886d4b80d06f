package upstream

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/glarimy/ums/gateway/config"
)

// ErrNoInstance says that there is no instance to send a request to: none is known, or all have been tried.
var ErrNoInstance = errors.New("no instance of the upstream is left to try")

// Set is the instances of one upstream. It is safe for concurrent use.
type Set struct {
	slot     string
	settings config.Resilience
	options  Options
	counts   *counts

	view atomic.Pointer[view]

	mu      sync.Mutex
	members []*Instance // in no order

	ctx  context.Context //nolint:containedctx // ends with the set, not with a call
	stop context.CancelFunc
	work sync.WaitGroup
}

// view is what Pick sees. It is never changed, only replaced.
type view struct {
	eligible []*Instance // those in good health; all, if none is
	all      []*Instance
}

// newSet returns an empty set.
func newSet(slot string, settings config.Resilience, o Options, c *counts) *Set {
	s := &Set{slot: slot, settings: settings, options: o, counts: c}
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.view.Store(&view{})
	return s
}

// Pick returns an instance that is not among those tried, and counts a request in flight there until Instance.Done. Of
// two healthy ones, chosen at random, it is the one with less in flight; the two random choices keep many gateways from
// all running to the same one. If no healthy one is left untried, one that was put out is better than none. The error is
// ErrNoInstance. It allocates nothing.
func (s *Set) Pick(tried ...*Instance) (*Instance, error) {
	v := s.view.Load()
	i := s.choose(v.eligible, tried)
	if i == nil {
		i = s.choose(v.all, tried)
	}
	if i == nil {
		return nil, ErrNoInstance
	}
	i.inFlight.Add(1)
	return i, nil
}

// choose returns the better of two untried instances, or nil if all have been tried.
func (s *Set) choose(from, tried []*Instance) *Instance {
	n := len(from)
	if n == 0 {
		return nil
	}
	first := untried(from, tried, rand.IntN(n))
	if first < 0 {
		return nil
	}
	a := from[first]
	if n == 1 {
		return a
	}
	// Any but the first, by counting on from it.
	b := from[untried(from, tried, (first+1+rand.IntN(n-1))%n)]
	if a == b {
		return a
	}
	// An instance that is warming up is passed over now and then, whatever its load: an idle one would win every time.
	switch x, y := a.share(s.settings.Ejection.SlowStart), b.share(s.settings.Ejection.SlowStart); {
	case x < y && rand.Float64() >= x/y:
		return b
	case y < x && rand.Float64() >= y/x:
		return a
	}
	if b.inFlight.Load() < a.inFlight.Load() {
		return b
	}
	return a
}

// untried returns the index of the first instance from start on, around the end, that is not among those tried, or -1.
func untried(from, tried []*Instance, start int) int {
	for k := range from {
		i := (start + k) % len(from)
		if !slices.Contains(tried, from[i]) {
			return i
		}
	}
	return -1
}

// has reports whether there is an instance that is not among those tried.
func (s *Set) has(tried []*Instance) bool { return untried(s.view.Load().all, tried, 0) >= 0 }

// Instances returns the members, in no order.
func (s *Set) Instances() []*Instance { return slices.Clone(s.view.Load().all) }

// update makes the endpoints the members. One that stays keeps its state; one that leaves finishes what it has in
// flight.
func (s *Set) update(endpoints []Endpoint) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx.Err() != nil {
		return
	}
	old := s.members
	s.members = make([]*Instance, 0, len(endpoints))
	for _, e := range endpoints {
		known := slices.IndexFunc(old, func(i *Instance) bool { return i.endpoint == e })
		if known >= 0 {
			s.members = append(s.members, old[known])
			continue
		}
		s.members = append(s.members, s.newInstance(e, len(old) > 0))
	}
	s.refresh()
	for _, i := range old {
		if !slices.Contains(s.members, i) {
			s.remove(i)
		}
	}
}

// newInstance returns an instance; among others that are there already it begins slowly.
func (s *Set) newInstance(e Endpoint, joining bool) *Instance {
	i := &Instance{endpoint: e, set: s}
	if s.options.Attach != nil {
		i.attached = s.options.Attach(e)
	}
	if joining {
		i.warm()
		s.options.Logger.Info("an instance has joined", slog.String("slot", s.slot), slog.String("instance", e.Addr))
	}
	return i
}

func (s *Set) remove(i *Instance) {
	i.leaving.Store(true)
	if i.inFlight.Load() <= 0 {
		i.leave()
	}
	s.options.Logger.Info("an instance has left", slog.String("slot", s.slot), slog.String("instance", i.endpoint.Addr))
}

// refresh makes a new view of the members. The caller holds the lock.
func (s *Set) refresh() {
	v := &view{all: slices.Clone(s.members)}
	for _, i := range s.members {
		if i.healthy() {
			v.eligible = append(v.eligible, i)
		}
	}
	if len(v.eligible) == 0 {
		v.eligible = v.all // better any than none
	}
	s.view.Store(v)
}

// states counts the members by state.
func (s *Set) states() (healthy, ejected, unready int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, i := range s.members {
		switch {
		case i.ejected:
			ejected++
		case i.unready:
			unready++
		default:
			healthy++
		}
	}
	return healthy, ejected, unready
}

// close ends the background work and lets go of all instances.
func (s *Set) close() {
	s.mu.Lock()
	s.stop() // under the lock: nothing begins in the background after it
	s.mu.Unlock()
	s.work.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, i := range s.members {
		i.leaving.Store(true)
		if i.inFlight.Load() <= 0 {
			i.leave()
		}
	}
}

// every calls f at once, and then after each pause that it returns, until the set is closed.
func (s *Set) every(first time.Duration, f func() time.Duration) {
	s.work.Go(func() {
		timer := time.NewTimer(first)
		defer timer.Stop()
		for {
			select {
			case <-s.ctx.Done():
				return
			case <-timer.C:
				timer.Reset(f())
			}
		}
	})
}
