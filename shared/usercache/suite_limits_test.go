package usercache_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/glarimy/ums/shared/usercache"
)

func testSourceFails(t *testing.T, redisURL string) {
	f := newFixture(t, redisURL, usercache.Config{}, usercache.FenceConfig{})
	u := f.user(t)
	away := errors.New("the database is away")
	f.source.err = away
	if _, err := f.cache.Get(t.Context(), u.Name); !errors.Is(err, away) {
		t.Fatalf("got error %v, want %v", err, away)
	}
	f.until(t, usercache.StepOver)
	if got := f.value(t, u.Name); got != "" {
		t.Errorf("the key holds %q after a failed load, want nothing", got)
	}
	f.source.set(func(s *source) { s.err = nil })
	f.gets(t, u)
}

func testSourcePanics(t *testing.T, redisURL string) {
	f := newFixture(t, redisURL, usercache.Config{}, usercache.FenceConfig{})
	u := f.user(t)
	f.source.panic = "a bug"
	if _, err := f.cache.Get(t.Context(), u.Name); err == nil || !strings.Contains(err.Error(), "a bug") {
		t.Fatalf("got error %v, want one that tells of the panic", err)
	}
	f.until(t, usercache.StepOver)
	f.source.set(func(s *source) { s.panic = nil })
	f.gets(t, u)
}

// testOverload takes the only place for reads of the database, and asks for another.
func testOverload(t *testing.T, redisURL string) {
	config := usercache.Config{MaxLoads: 1, LoadWait: time.Millisecond}
	f := newFixture(t, redisURL, config, usercache.FenceConfig{})
	first, second := f.user(t), f.user(t)
	hold := make(chan struct{})
	f.source.hold = hold
	done := make(chan error, 1)
	go func() {
		_, err := f.cache.Get(t.Context(), first.Name)
		done <- err
	}()
	f.until(t, usercache.StepRead)
	if _, err := f.cache.Get(t.Context(), second.Name); !errors.Is(err, usercache.ErrOverloaded) {
		t.Errorf("got error %v, want %v", err, usercache.ErrOverloaded)
	}
	f.until(t, usercache.StepOver)
	if got := f.value(t, second.Name); got != "" {
		t.Errorf("the key holds %q after a refused load, want nothing", got)
	}
	close(hold)
	if err := <-done; err != nil {
		t.Errorf("the first reader got error %v", err)
	}
	f.until(t, usercache.StepOver)
	f.gets(t, second)
}

// testCollapse has many readers of a fenced name, who all read the database: those who come while one SELECT is under
// way share the next.
func testCollapse(t *testing.T, redisURL string) {
	f := newFixture(t, redisURL, usercache.Config{LeaseWait: 10 * time.Second}, usercache.FenceConfig{})
	u := f.user(t)
	fence := f.fencer.Fence(t.Context(), u.Name)
	defer fence.Abandon()
	hold := make(chan struct{})
	f.source.hold = hold
	const followers = 10
	done := make(chan error, 1+followers)
	get := func() {
		_, err := f.cache.Get(t.Context(), u.Name)
		done <- err
	}
	go get()
	f.until(t, usercache.StepSelect)
	for range followers {
		go get()
	}
	for range followers {
		f.until(t, usercache.StepAwait)
	}
	close(hold)
	for range 1 + followers {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if got := f.source.calls.Load(); got != 2 {
		t.Errorf("the source was asked %d times, want 2", got)
	}
}
