package upstream_test

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/glarimy/ums/gateway/config"
	"github.com/glarimy/ums/gateway/upstream"
)

func TestSet_Pick_prefersLessLoaded(t *testing.T) {
	t.Parallel()
	s := newWorld(t).use(t, listed(2, nil)).Set()
	busy := pick(t, s, addr(0))
	for range 50 {
		i, err := s.Pick()
		if err != nil {
			t.Fatal(err)
		}
		if i == busy {
			t.Fatalf("picked %s with %d in flight, while the other is idle", i.Addr(), i.InFlight())
		}
		i.Done(upstream.Answered)
	}
	busy.Done(upstream.Answered)
	if got := busy.InFlight(); got != 0 {
		t.Errorf("%d in flight after Done, want 0", got)
	}
}

func TestSet_Pick_sharesEvenly(t *testing.T) {
	t.Parallel()
	const times = 4000
	got := shares(t, newWorld(t).use(t, listed(4, nil)).Set(), times)
	for a, n := range got {
		if n < times/4*8/10 || n > times/4*12/10 {
			t.Errorf("%s was picked %d times of %d, want about a quarter", a, n, times)
		}
	}
	if len(got) != 4 {
		t.Errorf("picked %v, want all four", got)
	}
}

func TestSet_Pick_leavesOutTheTried(t *testing.T) {
	t.Parallel()
	s := newWorld(t).use(t, listed(3, nil)).Set()
	for range 50 {
		var tried []*upstream.Instance
		for range 3 {
			i, err := s.Pick(tried...)
			if err != nil {
				t.Fatal(err)
			}
			if slices.Contains(tried, i) {
				t.Fatalf("%s was picked again", i.Addr())
			}
			tried = append(tried, i)
			i.Done(upstream.Answered)
		}
		if i, err := s.Pick(tried...); !errors.Is(err, upstream.ErrNoInstance) {
			t.Fatalf("after all were tried: %v, %v, want ErrNoInstance", i, err)
		}
	}
}

//nolint:paralleltest // allocations are counted for the whole process
func TestSet_Pick_allocatesNothing(t *testing.T) {
	u := newWorld(t).use(t, listed(3, func(r *config.Resilience) { r.Retries.Budget = 100 }))
	var c upstream.Call
	cycle := func() {
		if err := u.Begin(&c); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Pick(); err != nil {
			t.Fatal(err)
		}
		if !c.Failed(upstream.Attempt{Method: "GET", Replayable: true, Outcome: upstream.ConnectFailed}) {
			t.Fatal("no retry")
		}
		if _, err := c.Pick(); err != nil {
			t.Fatal(err)
		}
		c.Answered(200)
		c.End(upstream.Answered)
	}
	for range 10 {
		cycle() // until those that fail are out, which logs
	}
	if got := testing.AllocsPerRun(200, cycle); got != 0 {
		t.Errorf("a call with a retry allocates %.1f times, want 0", got)
	}
}

// TestSet_ejection follows one instance out and in again, and out for longer.
func TestSet_ejection(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		outcome upstream.Outcome
		times   int
	}{
		"connect": {upstream.ConnectFailed, 2},
		"broken":  {upstream.Broken, 5},
		"late":    {upstream.TimedOut, 5},
		"5xx":     {upstream.Unwell, 5},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newWorld(t).use(t, listed(3, nil)).Set()
				out := func() bool { return shares(t, s, 300)[addr(0)] == 0 }

				fail(t, s, addr(0), tt.times-1, tt.outcome)
				fail(t, s, addr(0), 1, upstream.Answered)
				fail(t, s, addr(0), tt.times-1, tt.outcome)
				if out() {
					t.Fatal("out before the failures in a row were enough")
				}
				fail(t, s, addr(0), 1, tt.outcome)
				if !out() {
					t.Fatal("still in")
				}
				after(3900 * time.Millisecond)
				if !out() {
					t.Error("in again before four fifths of its time")
				}
				after(2200 * time.Millisecond)
				if out() {
					t.Fatal("still out after six fifths of its time")
				}
				// Its next failure puts it out at once, and for about twice the time.
				fail(t, s, addr(0), 1, tt.outcome)
				if !out() {
					t.Error("still in, though it failed on probation")
				}
				after(7900 * time.Millisecond)
				if !out() {
					t.Error("the second time it was in again as early as the first")
				}
				after(4200 * time.Millisecond)
				fail(t, s, addr(0), 1, upstream.Answered)
				fail(t, s, addr(0), 1, tt.outcome)
				if out() {
					t.Error("out by one failure, after an answer ended its probation")
				}
			})
		})
	}
}

func TestSet_ejection_neverTheLast(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t).use(t, listed(2, nil)).Set()
		fail(t, s, addr(0), 9, upstream.Broken)
		if got := shares(t, s, 100); got[addr(1)] != 100 {
			t.Errorf("with one out, picked %v", got)
		}
		fail(t, s, addr(1), 9, upstream.Broken)
		if got := shares(t, s, 100); len(got) != 2 {
			t.Errorf("with both out, picked %v, want either", got)
		}

		alone := newWorld(t).use(t, listed(1, nil)).Set()
		fail(t, alone, addr(0), 9, upstream.ConnectFailed)
		if got := shares(t, alone, 10); got[addr(0)] != 10 {
			t.Errorf("alone, picked %v", got)
		}
	})
}

// TestSet_ejection_asksFirst: where instances are asked, no request finds out that one is still gone.
func TestSet_ejection_asksFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		s := w.use(t, listed(2, func(r *config.Resilience) {
			r.Health = config.DefaultResilience().Health
			r.Health.Interval = time.Hour // the background's question alone
		})).Set()
		w.setSick(addr(0), true)
		fail(t, s, addr(0), 2, upstream.ConnectFailed)
		after(time.Minute)
		if got := shares(t, s, 100); got[addr(0)] != 0 {
			t.Errorf("picked the dead one %d times", got[addr(0)])
		}
		w.setSick(addr(0), false)
		after(4 * time.Minute)
		if got := shares(t, s, 100); got[addr(0)] == 0 {
			t.Error("the instance is back, and still out")
		}
	})
}

func TestSet_slowStart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t).use(t, listed(2, nil)).Set()
		fail(t, s, addr(0), 2, upstream.ConnectFailed)
		share := func() int { return shares(t, s, 2000)[addr(0)] }
		for share() == 0 {
			after(100 * time.Millisecond)
		}
		if got := share(); got > 200 {
			t.Errorf("%d of 2000 requests at once, want at most a tenth", got)
		}
		after(5 * time.Second)
		if got := share(); got < 400 || got > 800 {
			t.Errorf("%d of 2000 requests after half the time, want about 500 to 600", got)
		}
		after(6 * time.Second)
		if got := share(); got < 850 {
			t.Errorf("%d of 2000 requests in the end, want half", got)
		}
	})
}

func TestSet_activeHealth(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		s := w.use(t, listed(2, func(r *config.Resilience) { r.Health = config.DefaultResilience().Health })).Set()
		out := func() bool { return shares(t, s, 300)[addr(0)] == 0 }
		w.setSick(addr(0), true)
		after(5600 * time.Millisecond)
		if out() {
			t.Error("out after one bad answer, want two")
		}
		after(6 * time.Second)
		if !out() {
			t.Fatal("still in after two bad answers")
		}
		w.setSick(addr(1), true)
		after(12 * time.Second)
		if got := shares(t, s, 100); len(got) != 2 {
			t.Errorf("none is ready: picked %v, want either", got)
		}
		w.setSick(addr(0), false)
		after(12 * time.Second)
		if got := shares(t, s, 100); got[addr(0)] != 100 {
			t.Errorf("the first is ready again: picked %v", got)
		}
	})
}
