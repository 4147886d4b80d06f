package usercache_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/glarimy/ums/shared/enginetest"
	"github.com/glarimy/ums/shared/user"
	"github.com/glarimy/ums/shared/usercache"
)

// pipelines has each pipeline of a client pass a function, which may be nil, and counts them.
type pipelines struct {
	sent  atomic.Int64
	visit func(commands []redis.Cmder, next func() error) error
}

func (p *pipelines) DialHook(next redis.DialHook) redis.DialHook { return next }

func (p *pipelines) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }

func (p *pipelines) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, commands []redis.Cmder) error {
		if name := commands[0].Name(); name != "set" && name != "evalsha" && name != "eval" {
			return next(ctx, commands) // a connection greets the server
		}
		p.sent.Add(1)
		if p.visit == nil {
			return next(ctx, commands)
		}
		return p.visit(commands, func() error { return next(ctx, commands) })
	}
}

// fenced returns a fencer, its metrics, and the fences of n users.
func fenced(t *testing.T, redisURL string, hook *pipelines, n int) (*prometheus.Registry, []user.Name, []*usercache.Fence) {
	t.Helper()
	client := open(t, redisURL)
	client.AddHook(hook)
	registry := prometheus.NewRegistry()
	fencer, err := usercache.NewFencer(client, usercache.FenceConfig{}, registry)
	if err != nil {
		t.Fatal(err)
	}
	names := make([]user.Name, n)
	for i := range names {
		names[i] = newName(t)
	}
	return registry, names, fencer.FenceAll(t.Context(), names)
}

// count returns one of a fencer's metrics.
func count(t *testing.T, registry *prometheus.Registry, name string) int {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name {
			return int(f.GetMetric()[0].GetCounter().GetValue())
		}
	}
	t.Fatalf("there is no metric %s", name)
	return 0
}

// soon fails t unless something comes true within patience.
func soon(t *testing.T, what string, is func() bool) {
	t.Helper()
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	for deadline := time.Now().Add(patience); !is(); <-look.C {
		if time.Now().After(deadline) {
			t.Fatalf("not within %s: %s", patience, what)
		}
	}
}

// TestFencesShareAPacket finds that each fence of many stands, and is confirmed or not, by itself.
func TestFencesShareAPacket(t *testing.T) {
	t.Parallel()
	for name, redisURL := range map[string]string{
		"Redis": enginetest.Redis(t).URL, "miniredis": "redis://" + miniredis.RunT(t).Addr(),
	} {
		hook := &pipelines{visit: func(commands []redis.Cmder, next func() error) error {
			err := next()
			commands[1].SetErr(errInjected)
			return err
		}}
		_, names, fences := fenced(t, redisURL, hook, 3)
		tokens := map[string]bool{}
		for i, fence := range fences {
			if failed := errors.Is(fence.Err(), errInjected); failed != (i == 1) {
				t.Errorf("%s: fence %d: %v", name, i, fence.Err())
			}
			held := open(t, redisURL).Get(t.Context(), usercache.Key(names[i])).Val()
			if !strings.HasPrefix(held, "fence:") || tokens[held] {
				t.Errorf("%s: the key holds %q, want a fence of its own", name, held)
			}
			tokens[held] = true
		}
		if hook.sent.Load() != 1 {
			t.Errorf("%s: %d packets, want 1", name, hook.sent.Load())
		}
	}
}

// TestReleaseLater releases many fences, of which one is another writer's by then, in a Redis that does not know the
// script.
func TestReleaseLater(t *testing.T) {
	t.Parallel()
	for name, redisURL := range map[string]string{
		"Redis": enginetest.Redis(t).URL, "miniredis": "redis://" + miniredis.RunT(t).Addr(),
	} {
		const many = 200
		hook := &pipelines{}
		registry, names, fences := fenced(t, redisURL, hook, many)
		own := open(t, redisURL)
		if err := errors.Join(own.ScriptFlush(t.Context()).Err(),
			own.Set(t.Context(), usercache.Key(names[0]), "fence:another", 0).Err(),
			own.Set(t.Context(), usercache.Key(names[1]), "what was loaded", 0).Err()); err != nil {
			t.Fatal(err)
		}
		for _, fence := range fences {
			if err := fence.ReleaseLater(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		for _, n := range names[1:] {
			soon(t, "the key is deleted", func() bool { return own.Exists(t.Context(), usercache.Key(n)).Val() == 0 })
		}
		if held := own.Get(t.Context(), usercache.Key(names[0])).Val(); held != "fence:another" {
			t.Errorf("%s: the key holds %q, want the other writer's fence", name, held)
		}
		soon(t, "the lost fence is counted", func() bool { return count(t, registry, "ums_cache_fences_gone_total") == 1 })
		if sent := hook.sent.Load(); sent > many {
			t.Errorf("%s: %d packets for %d releases", name, sent, many)
		}
		if n := count(t, registry, "ums_cache_fences_unreleased_total"); n != 0 {
			t.Errorf("%s: %d fences count as unreleased", name, n)
		}
	}
}

// TestReleaseLaterWithoutRedis finds that fences that cannot be released are counted, and that nobody waits for it.
func TestReleaseLaterWithoutRedis(t *testing.T) {
	t.Parallel()
	server := miniredis.RunT(t)
	const many = 20
	registry, _, fences := fenced(t, "redis://"+server.Addr(), &pipelines{}, many)
	server.Close()
	for _, fence := range fences {
		if err := fence.ReleaseLater(t.Context()); err != nil {
			t.Errorf("a release that nobody waits for: %v", err)
		}
	}
	soon(t, "they are counted", func() bool { return count(t, registry, "ums_cache_fences_unreleased_total") == many })
}

// TestReleaseLaterOfWhatWasNotFenced finds that it is not later where Redis did not confirm the fence.
func TestReleaseLaterOfWhatWasNotFenced(t *testing.T) {
	t.Parallel()
	registry, _, fences := fenced(t, "redis://"+refusing(t), &pipelines{}, 1)
	if err := fences[0].ReleaseLater(t.Context()); err == nil {
		t.Error("the release is confirmed without Redis")
	}
	if n := count(t, registry, "ums_cache_unfenced_writes_total"); n != 1 {
		t.Errorf("%d writes count as unfenced, want 1", n)
	}
}

// TestMoreReleasesThanWait finds that a Redis that hangs holds nobody up, whatever comes.
func TestMoreReleasesThanWait(t *testing.T) {
	t.Parallel()
	hanging, leave := make(chan struct{}, 100), make(chan struct{})
	hook := &pipelines{}
	const more = 7
	registry, names, fences := fenced(t, "redis://"+miniredis.RunT(t).Addr(), hook, 1+usercache.MostWaiting+more)
	hook.visit = func(_ []redis.Cmder, next func() error) error {
		hanging <- struct{}{}
		<-leave
		return next()
	}
	for i, fence := range fences {
		if err := fence.ReleaseLater(t.Context()); err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			<-hanging
		}
	}
	if n := count(t, registry, "ums_cache_fences_unreleased_total"); n != more {
		t.Errorf("%d fences of %d count as unreleased, want %d", n, len(names), more)
	}
	close(leave)
	soon(t, "the others are released", func() bool { return hook.sent.Load() >= 3 })
	if n := count(t, registry, "ums_cache_fences_unreleased_total"); n != more {
		t.Errorf("in the end %d count as unreleased, want %d", n, more)
	}
}
