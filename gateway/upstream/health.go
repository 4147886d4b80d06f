package upstream

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"
)

// Why an instance was put out, as metrics and logs name it.
const (
	causeConnect  = "connect"  // connections could not be opened
	causeFailures = "failures" // answers were broken, late or 5xx
	causeProbe    = "probe"    // it says itself that it is not ready, or does not say anything
)

// maxDoublings keeps an ejection's time within a duration's range.
const maxDoublings = 20

// health is what is known of an instance's health.
type health struct {
	ejected   bool // by what requests have met; comes in again when its time is over
	ejections int  // that followed one another soon
	admitted  time.Time

	unready bool // by what it was asked in the background
	streak  int  // answers in a row that speak against unready
}

func (h *health) healthy() bool { return !h.ejected && !h.unready }

// warm begins a slow start.
func (i *Instance) warm() { i.warmingSince.Store(time.Now().UnixNano()) }

// eject puts an instance out for a time. It does nothing to one that is alone, or out already.
func (s *Set) eject(i *Instance, cause string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i.ejected || i.leaving.Load() || len(s.members) < 2 || s.ctx.Err() != nil {
		return
	}
	if time.Since(i.admitted) > s.settings.Ejection.MaxTime {
		i.ejections = 0
	}
	i.ejected = true
	pause := s.ejectionTime(i)
	s.refresh()
	s.counts.ejected(cause)
	s.options.Logger.Warn("an instance is left out", slog.String("slot", s.slot), slog.String("instance", i.endpoint.Addr),
		slog.String("cause", cause), slog.Duration("for", pause))
	s.work.Go(func() { s.readmit(i, pause) })
}

// ejectionTime returns how long the next ejection takes: each is twice as long as the one before, give or take a fifth,
// so that gateways do not all come back at once.
func (s *Set) ejectionTime(i *Instance) time.Duration {
	c := s.settings.Ejection
	d := min(c.Time<<min(i.ejections, maxDoublings), c.MaxTime)
	if d <= 0 { // shifted out of range
		d = c.MaxTime
	}
	i.ejections++
	return time.Duration(float64(d) * (0.8 + 0.4*rand.Float64()))
}

// readmit takes an instance in again after a pause. Where instances are asked for their health, it asks first, so that no
// request has to find out that the instance is still gone.
func (s *Set) readmit(i *Instance, pause time.Duration) {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	for {
		select {
		case <-s.ctx.Done():
			return
		case <-timer.C:
		}
		if i.leaving.Load() {
			return
		}
		if s.settings.Health.Path == "" || s.probe(i) == nil {
			break
		}
		s.mu.Lock()
		timer.Reset(s.ejectionTime(i))
		s.mu.Unlock()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	i.ejected, i.admitted = false, time.Now()
	i.failures.Store(0)
	i.connectFailures.Store(0)
	i.probation.Store(true)
	i.warm()
	s.refresh()
	s.options.Logger.Info("an instance is taken in again", slog.String("slot", s.slot), slog.String("instance", i.endpoint.Addr))
}

// probe asks one instance for its health.
func (s *Set) probe(i *Instance) error {
	ctx, cancel := context.WithTimeout(s.ctx, s.settings.Health.Timeout)
	defer cancel()
	return s.options.Probe(ctx, i.endpoint, s.settings.Health.Path)
}

// probeAll asks every instance for its health, all at once, and returns the pause until the next time. An instance that
// is alone is not asked: it gets the requests whatever it says.
func (s *Set) probeAll() time.Duration {
	members := s.Instances()
	if len(members) > 1 {
		var all sync.WaitGroup
		for _, i := range members {
			all.Go(func() { s.heard(i, s.probe(i)) })
		}
		all.Wait()
	}
	return time.Duration(float64(s.settings.Health.Interval) * (0.9 + 0.2*rand.Float64()))
}

// heard takes note of what an instance said of its health.
func (s *Set) heard(i *Instance, err error) {
	if s.ctx.Err() != nil {
		return // the question was called off
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if (err != nil) == i.unready {
		i.streak = 0
		return
	}
	i.streak++
	threshold := s.settings.Health.Unhealthy
	if i.unready {
		threshold = s.settings.Health.Healthy
	}
	if i.streak < threshold {
		return
	}
	i.unready, i.streak = !i.unready, 0
	if i.unready {
		s.counts.ejected(causeProbe)
		s.options.Logger.Warn("an instance is left out", slog.String("slot", s.slot),
			slog.String("instance", i.endpoint.Addr), slog.String("cause", causeProbe), slog.Any("error", err))
	} else {
		i.warm()
		s.options.Logger.Info("an instance is taken in again", slog.String("slot", s.slot),
			slog.String("instance", i.endpoint.Addr))
	}
	s.refresh()
}
