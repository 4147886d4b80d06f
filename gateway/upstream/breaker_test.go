package upstream_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/glarimy/ums/gateway/config"
	"github.com/glarimy/ums/gateway/upstream"
)

// send passes requests through a breaker, and returns how many it let through.
func send(b *upstream.Breaker, n int, o upstream.Outcome) (passed int) {
	for range n {
		if p, ok := b.Allow(); ok {
			passed++
			b.Record(p, o)
		}
	}
	return passed
}

func TestBreaker(t *testing.T) {
	t.Parallel()
	c := config.DefaultResilience().Breaker // half of 20 in 10 s
	for name, tt := range map[string]struct {
		run  func(b *upstream.Breaker)
		want string
	}{
		"answers of any status": {func(b *upstream.Breaker) { send(b, 50, upstream.Unwell) }, "closed"},
		"clients that leave":    {func(b *upstream.Breaker) { send(b, 50, upstream.Canceled) }, "closed"},
		"too few requests":      {func(b *upstream.Breaker) { send(b, 19, upstream.Broken) }, "closed"},
		"all broken":            {func(b *upstream.Breaker) { send(b, 20, upstream.Broken) }, "open"},
		"all late":              {func(b *upstream.Breaker) { send(b, 20, upstream.TimedOut) }, "open"},
		"none reached":          {func(b *upstream.Breaker) { send(b, 20, upstream.ConnectFailed) }, "open"},
		"a few of many":         {func(b *upstream.Breaker) { send(b, 100, upstream.Answered); send(b, 90, upstream.Broken) }, "closed"},
		"half":                  {func(b *upstream.Breaker) { send(b, 100, upstream.Answered); send(b, 100, upstream.Broken) }, "open"},
		"failures long ago": {func(b *upstream.Breaker) {
			send(b, 19, upstream.Broken)
			after(11 * time.Second)
			send(b, 1, upstream.Broken)
		}, "closed"},
		"trials that are broken": {func(b *upstream.Breaker) {
			send(b, 20, upstream.Broken)
			after(6 * time.Second)
			send(b, 2, upstream.Broken)
		}, "open"},
		"trials that are answered": {func(b *upstream.Breaker) {
			send(b, 20, upstream.Broken)
			after(6 * time.Second)
			send(b, 2, upstream.Unwell)
		}, "closed"},
		"trials whose clients leave": {func(b *upstream.Breaker) {
			send(b, 20, upstream.Broken)
			after(6 * time.Second)
			send(b, 9, upstream.Canceled)
		}, "open"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := upstream.NewBreaker(c, nil)
				tt.run(b)
				if got := b.State(); got != tt.want {
					t.Errorf("%s, want %s", got, tt.want)
				}
				if tt.want == "closed" {
					return
				}
				if got := send(b, 10, upstream.Answered); got != 0 {
					t.Errorf("open, it let %d requests through", got)
				}
				if got := b.RetryAfter(); got < 4*time.Second || got > 6*time.Second {
					t.Errorf("Retry-After is %s, want about 5s", got)
				}
			})
		})
	}
}

// TestBreaker_trials: a half-open breaker lets few through at a time, and what was sent before it opened is no trial.
func TestBreaker_trials(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := upstream.NewBreaker(config.DefaultResilience().Breaker, nil)
		before, _ := b.Allow()
		send(b, 20, upstream.Broken)
		after(6 * time.Second)
		var trials []upstream.Pass
		for range 10 {
			if p, ok := b.Allow(); ok {
				trials = append(trials, p)
			}
		}
		if len(trials) != 3 {
			t.Fatalf("%d trials at a time, want 3", len(trials))
		}
		b.Record(before, upstream.Broken)
		b.Record(before, upstream.Answered)
		b.Record(before, upstream.Answered)
		if got := b.State(); got != "half-open" {
			t.Fatalf("%s by what was sent before it opened", got)
		}
		b.Record(trials[0], upstream.Answered)
		b.Record(trials[1], upstream.Answered)
		if got := b.State(); got != "closed" {
			t.Errorf("%s after two answers, want closed", got)
		}
	})
}

func TestBreaker_off(t *testing.T) {
	t.Parallel()
	b := upstream.NewBreaker(config.Breaker{}, nil)
	if got := send(b, 100, upstream.Broken); got != 100 || b.State() != "closed" {
		t.Errorf("a breaker that is off let %d of 100 through, and is %s", got, b.State())
	}
}
