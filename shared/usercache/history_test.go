package usercache_test

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/anishathalye/porcupine"

	"github.com/glarimy/ums/shared/enginetest"
	"github.com/glarimy/ums/shared/user"
)

// historyTime is how long a history lasts.
const historyTime = 3 * time.Second

// TestHistory records what a crowd reads and writes while nothing fails, and checks for each name that there is one
// order of it all, in which every read returns what was written last.
func TestHistory(t *testing.T) {
	t.Parallel()
	engines := map[string]func(t *testing.T) (redisURL string, table *table){
		"MySQL and Redis": func(t *testing.T) (string, *table) {
			return enginetest.Redis(t).URL, mysqlTable(t, enginetest.MySQL(t).URL)
		},
		"SQLite and Redis": func(t *testing.T) (string, *table) {
			return enginetest.Redis(t).URL, sqliteTable(t)
		},
		"SQLite and miniredis": func(t *testing.T) (string, *table) {
			return "redis://" + miniredis.RunT(t).Addr(), sqliteTable(t)
		},
	}
	for name, start := range engines {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redisURL, table := start(t)
			c := newCrowd(t, redisURL, table, patience, time.Minute) // no fence is left, nor outlived
			ctx, cancel := context.WithTimeout(t.Context(), historyTime)
			defer cancel()
			c.run(ctx, t)
			c.checkLinearizable(t)
			if all, _ := c.stale(anyWrite); all > 0 {
				t.Errorf("%d reads missed an acknowledged write", all)
			}
			t.Log(c.summary())
		})
	}
}

// TestHistoryWithFaults has the same crowd while Redis stops, comes back empty, hangs or is slow. A write whose delete
// Redis confirmed is missed by no read begun after it, nor is one whose fence alone it confirmed, unless it has lost
// it since: the model has the way there (TestModelBounds).
func TestHistoryWithFaults(t *testing.T) {
	t.Parallel()
	const short = 40 * time.Millisecond
	tests := map[string]struct {
		keepsFences bool          // Redis forgets nothing
		timeout     time.Duration // of each stage of a call
		disturb     func(ctx context.Context, t *testing.T, server *enginetest.RedisServer, p *proxy)
	}{
		"Redis stops and comes back empty": {timeout: short, disturb: func(ctx context.Context, t *testing.T, server *enginetest.RedisServer, _ *proxy) {
			for wait(ctx, 300*time.Millisecond) {
				server.Stop(t)
				wait(ctx, 300*time.Millisecond)
				server.Start(t)
			}
		}},
		"Redis is emptied": {timeout: patience, disturb: func(ctx context.Context, t *testing.T, server *enginetest.RedisServer, _ *proxy) {
			client := open(t, server.URL)
			for wait(ctx, 5*time.Millisecond) {
				if err := client.FlushDB(ctx).Err(); err != nil && ctx.Err() == nil {
					t.Error(err)
				}
			}
		}},
		"Redis hangs": {keepsFences: true, timeout: short, disturb: func(ctx context.Context, t *testing.T, server *enginetest.RedisServer, _ *proxy) {
			for wait(ctx, 200*time.Millisecond) {
				server.Pause(t)
				wait(ctx, 200*time.Millisecond)
				server.Resume(t)
			}
		}},
		"Redis is slow": {keepsFences: true, timeout: short, disturb: func(ctx context.Context, _ *testing.T, _ *enginetest.RedisServer, p *proxy) {
			for slow := time.Duration(0); wait(ctx, 100*time.Millisecond); slow = 60*time.Millisecond - slow {
				p.slow(slow)
			}
			p.slow(0)
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := enginetest.Redis(t)
			p := newProxy(t, server.Addr, "")
			redisURL, err := url.Parse(server.URL)
			if err != nil {
				t.Fatal(err)
			}
			redisURL.Host = p.addr
			c := newCrowd(t, redisURL.String(), sqliteTable(t), tt.timeout, historyTime) // so that fences that are left end
			ctx, cancel := context.WithTimeout(t.Context(), 2*historyTime)
			defer cancel()
			disturbed := make(chan struct{})
			go func() {
				defer close(disturbed)
				tt.disturb(ctx, t, server, p)
			}()
			c.run(ctx, t)
			<-disturbed
			sure := confirmedWrite
			if tt.keepsFences {
				sure = fencedWrite
			}
			if n, example := c.stale(sure); n > 0 {
				t.Errorf("%d reads missed a write that Redis had confirmed, such as %+v", n, example)
			}
			t.Log(c.summary())
		})
	}
}

// wait waits for d and reports whether ctx has not ended.
func wait(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

// checkLinearizable checks each name's history by itself.
func (c *crowd) checkLinearizable(t *testing.T) {
	t.Helper()
	type state struct {
		revision uint64
		present  bool
	}
	model := porcupine.Model{
		Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
			byName := map[user.Name][]porcupine.Operation{}
			for _, o := range history {
				name := o.Input.(act).name
				byName[name] = append(byName[name], o)
			}
			var parts [][]porcupine.Operation
			for _, part := range byName {
				parts = append(parts, part)
			}
			return parts
		},
		Init: func() any { return state{present: true} },
		Step: func(before, input, _ any) (bool, any) {
			s, a := before.(state), input.(act)
			switch {
			case a.write:
				return a.revision == s.revision+1, state{a.revision, a.present}
			case !a.present:
				return !s.present, s
			default:
				return s.present && a.revision == s.revision, s
			}
		},
	}
	var history []porcupine.Operation
	for _, a := range c.acts {
		history = append(history, porcupine.Operation{
			ClientId: a.client, Input: a, Call: int64(a.call), Output: nil, Return: int64(a.end),
		})
	}
	if got := porcupine.CheckOperationsTimeout(model, history, time.Minute); got != porcupine.Ok {
		t.Errorf("the history is %s, want linearizable", strings.ToLower(string(got)))
	}
}
