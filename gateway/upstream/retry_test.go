package upstream_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/glarimy/ums/gateway/config"
	"github.com/glarimy/ums/gateway/upstream"
)

func TestRetryable(t *testing.T) {
	t.Parallel()
	const yes, no = true, false
	all := []upstream.Outcome{
		upstream.Answered, upstream.Unwell, upstream.ConnectFailed, upstream.Broken, upstream.TimedOut, upstream.Canceled,
	}
	for _, tt := range []struct {
		method string
		key    bool
		want   [6]bool // by outcome, in the order of all
	}{
		{"GET", false, [6]bool{no, no, yes, yes, no, no}},
		{"HEAD", false, [6]bool{no, no, yes, yes, no, no}},
		{"OPTIONS", false, [6]bool{no, no, yes, yes, no, no}},
		{"TRACE", false, [6]bool{no, no, yes, yes, no, no}},
		{"PUT", false, [6]bool{no, no, yes, yes, no, no}},
		{"DELETE", false, [6]bool{no, no, yes, yes, no, no}},
		{"POST", false, [6]bool{no, no, yes, no, no, no}},
		{"PATCH", false, [6]bool{no, no, yes, no, no, no}},
		{"CONNECT", false, [6]bool{no, no, yes, no, no, no}},
		{"get", false, [6]bool{no, no, yes, no, no, no}}, // methods are case-sensitive
		{"", false, [6]bool{no, no, yes, no, no, no}},
		{"POST", true, [6]bool{no, no, yes, yes, no, no}},
		{"PATCH", true, [6]bool{no, no, yes, yes, no, no}},
	} {
		for i, o := range all {
			a := upstream.Attempt{Method: tt.method, IdempotencyKey: tt.key, Replayable: true, Outcome: o}
			if got := upstream.Retryable(a); got != tt.want[i] {
				t.Errorf("%q, key %t, %s: %t, want %t", tt.method, tt.key, o, got, tt.want[i])
			}
			begun, spent := a, a
			begun.Begun, spent.Replayable = true, false
			if upstream.Retryable(begun) {
				t.Errorf("%q, %s: sent again after the answer had begun", tt.method, o)
			}
			if upstream.Retryable(spent) {
				t.Errorf("%q, %s: sent again without its body", tt.method, o)
			}
		}
	}
}

func TestBudget(t *testing.T) {
	t.Parallel()
	drain := func(b *upstream.Budget) (n int) {
		for b.TryRetry() {
			n++
		}
		return n
	}
	synctest.Test(t, func(t *testing.T) {
		b := upstream.NewBudget(config.Retries{Budget: 20, MinPerSecond: 2})
		if got := drain(b); got != 10 {
			t.Errorf("%d retries at the start, want 5 s of the minimum", got)
		}
		for range 100 {
			b.Request()
		}
		if got := drain(b); got != 20 {
			t.Errorf("%d retries for 100 requests, want 20", got)
		}
		for i := range 20 {
			after(100 * time.Millisecond)
			if got, want := b.TryRetry(), i%5 == 4; got != want {
				t.Errorf("%d ms later: %t, want 2 a second", (i+1)*100, got)
			}
		}
		after(time.Hour)
		if got := drain(b); got != 10 {
			t.Errorf("%d retries after an hour without requests, want 5 s of the minimum", got)
		}
		for range 1000000 {
			b.Request()
		}
		if got := drain(b); got > 1001 {
			t.Errorf("%d retries were saved up, want at most 1000", got)
		}
		if got := drain(upstream.NewBudget(config.Retries{Budget: 20})); got != 0 {
			t.Errorf("%d retries without a minimum or requests", got)
		}
	})
}
