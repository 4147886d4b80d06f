package usercache_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

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

// batch is users of one transaction, fenced.
type batch struct {
	fencer   *usercache.Fencer
	registry *prometheus.Registry // of the fencer
	names    []user.Name
	fences   []*usercache.Fence
}

// fenced returns a batch of n users.
func fenced(t *testing.T, redisURL string, hook *pipelines, n int) *batch {
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
	return &batch{fencer, registry, names, fencer.FenceAll(t.Context(), names)}
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
		b := fenced(t, redisURL, hook, 3)
		tokens := map[string]bool{}
		for i, fence := range b.fences {
			if failed := errors.Is(fence.Err(), errInjected); failed != (i == 1) {
				t.Errorf("%s: fence %d: %v", name, i, fence.Err())
			}
			held := open(t, redisURL).Get(t.Context(), usercache.Key(b.names[i])).Val()
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

// TestReleaseAll releases many fences, of which one is another writer's by then, in a Redis that does not know the script.
func TestReleaseAll(t *testing.T) {
	t.Parallel()
	for name, redisURL := range map[string]string{
		"Redis": enginetest.Redis(t).URL, "miniredis": "redis://" + miniredis.RunT(t).Addr(),
	} {
		const many = 200
		hook := &pipelines{}
		b := fenced(t, redisURL, hook, many)
		own := open(t, redisURL)
		if err := errors.Join(own.ScriptFlush(t.Context()).Err(),
			own.Set(t.Context(), usercache.Key(b.names[0]), "fence:another", 0).Err(),
			own.Set(t.Context(), usercache.Key(b.names[1]), "what was loaded", 0).Err()); err != nil {
			t.Fatal(err)
		}
		if err := b.fencer.ReleaseAll(t.Context(), b.fences); err != nil {
			t.Fatal(err)
		}
		for _, n := range b.names[1:] {
			if held := own.Get(t.Context(), usercache.Key(n)).Val(); held != "" {
				t.Errorf("%s: the key holds %q after its release", name, held)
			}
		}
		if held := own.Get(t.Context(), usercache.Key(b.names[0])).Val(); held != "fence:another" {
			t.Errorf("%s: the key holds %q, want the other writer's fence", name, held)
		}
		if sent := hook.sent.Load(); sent > 3 {
			t.Errorf("%s: %d packets, want one for the fences and two for the releases", name, sent)
		}
		if n := count(t, b.registry, "ums_cache_fences_gone_total"); n != 1 {
			t.Errorf("%s: %d fences count as gone, want 1", name, n)
		}
		if n := count(t, b.registry, "ums_cache_fences_unreleased_total"); n != 0 {
			t.Errorf("%s: %d fences count as unreleased", name, n)
		}
	}
}

// TestReleaseAllWithoutRedis finds that what cannot be released is counted for what it is.
func TestReleaseAllWithoutRedis(t *testing.T) {
	t.Parallel()
	const many = 20
	server := miniredis.RunT(t)
	gone := fenced(t, "redis://"+server.Addr(), &pipelines{}, many)
	server.Close()
	never := fenced(t, "redis://"+refusing(t), &pipelines{}, many)
	for metric, b := range map[string]*batch{
		"ums_cache_fences_unreleased_total": gone, "ums_cache_unfenced_writes_total": never,
	} {
		if err := b.fencer.ReleaseAll(t.Context(), b.fences); err == nil {
			t.Errorf("%s: the release is confirmed without Redis", metric)
		}
		if n := count(t, b.registry, metric); n != many {
			t.Errorf("%s is %d, want %d", metric, n, many)
		}
	}
}
