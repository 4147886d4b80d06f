package reload_test

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/glarimy/ums/gateway/reload"
)

func TestCurrent(t *testing.T) {
	t.Parallel()
	var ended []int
	c := reload.NewCurrent(1, func(n int) { ended = append(ended, n) })
	each := func() (live []int) {
		c.Each(func(n int) { live = append(live, n) })
		slices.Sort(live)
		return live
	}
	first, again := c.Acquire(), c.Acquire()
	c.Replace(2)
	c.Replace(3) // nobody uses 2
	if got := c.Acquire().Value; got != 3 || first.Value != 1 {
		t.Errorf("in force is %d, want 3, and %d, want 1", got, first.Value)
	}
	if !slices.Equal(ended, []int{2}) || !slices.Equal(each(), []int{1, 3}) {
		t.Errorf("ended %v, live %v", ended, each())
	}
	first.Release()
	if len(ended) != 1 {
		t.Errorf("ended %v while it was used", ended)
	}
	again.Release()
	if !slices.Equal(ended, []int{2, 1}) || !slices.Equal(each(), []int{3}) {
		t.Errorf("ended %v, live %v", ended, each())
	}
}

// TestCurrent_race checks under contention that no value has ended while it is used, and that all but the last end once.
func TestCurrent_race(t *testing.T) {
	t.Parallel()
	type value struct{ ended atomic.Int32 }
	c := reload.NewCurrent(new(value), func(v *value) { v.ended.Add(1) })
	values := []*value{c.Acquire().Value}
	var wg sync.WaitGroup
	stop := make(chan struct{})
	for range 4 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				g := c.Acquire()
				if g.Value.ended.Load() != 0 {
					t.Error("it has ended while it is used")
				}
				g.Release()
			}
		})
	}
	for range 2000 {
		next := new(value)
		values = append(values, next)
		c.Replace(next)
	}
	close(stop)
	wg.Wait()
	for i, v := range values[1 : len(values)-1] { // the first was never released
		if n := v.ended.Load(); n != 1 {
			t.Fatalf("value %d ended %d times", i+1, n)
		}
	}
}

//nolint:paralleltest // testing.AllocsPerRun counts for the whole process
func TestCurrent_allocatesNothing(t *testing.T) {
	c := reload.NewCurrent(1, func(int) {})
	if n := testing.AllocsPerRun(100, func() { c.Acquire().Release() }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
