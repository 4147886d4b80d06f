package usercache_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/glarimy/ums/shared/usercache"
)

// testFence follows a write of a cached user: while the fence stands reads go to the database and leave nothing.
func testFence(t *testing.T, redisURL string) {
	f := newFixture(t, redisURL, usercache.Config{}, usercache.FenceConfig{})
	u := f.cached(t)
	fence := f.fencer.Fence(t.Context(), u.Name)
	if err := fence.Err(); err != nil {
		t.Fatal(err)
	}
	f.gets(t, u)
	changed := atRevision(u.Name, 1)
	f.source.put(changed)
	f.gets(t, changed)
	if got := f.value(t, u.Name); !strings.HasPrefix(got, "fence:") {
		t.Errorf("the key holds %q, want the fence", got)
	}
	gone, leave := context.WithCancel(t.Context())
	leave() // a client who does not wait for its answer
	if err := fence.Release(gone); err != nil {
		t.Fatal(err)
	}
	if got := f.value(t, u.Name); got != "" {
		t.Errorf("the key holds %q after the release, want nothing", got)
	}
	f.gets(t, changed)
}

func testFenceOfAnother(t *testing.T, redisURL string) {
	f := newFixture(t, redisURL, usercache.Config{}, usercache.FenceConfig{})
	name := newName(t)
	first := f.fencer.Fence(t.Context(), name)
	second := f.fencer.Fence(t.Context(), name)
	standing := f.value(t, name)
	if err := first.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := f.value(t, name); got != standing {
		t.Errorf("the key holds %q after the first release, want the second fence, %q", got, standing)
	}
	if err := second.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := f.value(t, name); got != "" {
		t.Errorf("the key holds %q after both releases, want nothing", got)
	}
}

// testFenceExpires checks the time of a fence that is not released, and that a transaction is over by then.
func testFenceExpires(t *testing.T, redisURL string) {
	config := usercache.FenceConfig{FenceTime: 9 * time.Second}
	f := newFixture(t, redisURL, usercache.Config{}, config)
	name := newName(t)
	f.fencer.Fence(t.Context(), name).Abandon()
	got, err := f.redis.PTTL(t.Context(), usercache.Key(name)).Result()
	if err != nil {
		t.Fatal(err)
	}
	if got > config.FenceTime || got <= 2*config.TransactionTimeout() {
		t.Errorf("the fence stands for %v, with transactions of at most %v", got, config.TransactionTimeout())
	}
}

func testInvalidate(t *testing.T, redisURL string) {
	tests := map[string]struct{ value, want string }{
		"nothing":       {"", ""},
		"a user":        {`user:"1-1"{"name":"KrishnaMohan","phone":9731423166,"since":"2022-09-12T10:00:00Z"}`, ""},
		"no such user":  {"none:", ""},
		"a lease":       {"lease:1", ""},
		"what is wrong": {"garbage", ""},
		"a fence":       {"fence:1", "fence:1"},
	}
	f := newFixture(t, redisURL, usercache.Config{}, usercache.FenceConfig{})
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			u := newName(t)
			if tt.value != "" {
				if err := f.redis.Set(t.Context(), usercache.Key(u), tt.value, 0).Err(); err != nil {
					t.Fatal(err)
				}
			}
			if err := f.cache.Invalidate(t.Context(), u); err != nil {
				t.Fatal(err)
			}
			if got := f.value(t, u); got != tt.want {
				t.Errorf("the key holds %q, want %q", got, tt.want)
			}
		})
	}
}
