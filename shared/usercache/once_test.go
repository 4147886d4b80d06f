package usercache_test

import (
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/glarimy/ums/shared/user"
	"github.com/glarimy/ums/shared/usercache"
)

// TestSentOnce breaks off the connection on which a lease or a fence is sent, with a client that would send again: the
// first may still arrive when its token has become valid again (TestModelFails).
func TestSentOnce(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		watched, held string
		send          func(t *testing.T, cache *usercache.Cache, fencer *usercache.Fencer, u user.User)
	}{
		"a lease":  {"lease:", "", read},
		"a repair": {"lease:", "garbage", read},
		"a fence": {"fence:", "", func(t *testing.T, _ *usercache.Cache, fencer *usercache.Fencer, u user.User) {
			if fencer.Fence(t.Context(), u.Name).Err() == nil {
				t.Error("the fence is confirmed though it never arrived")
			}
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := miniredis.RunT(t)
			p := newProxy(t, server.Addr(), tt.watched)
			client := redis.NewClient(&redis.Options{Addr: p.addr, MaxRetries: 3})
			t.Cleanup(func() { _ = client.Close() })
			u := atRevision(newName(t), 0)
			if tt.held != "" {
				if err := server.Set(usercache.Key(u.Name), tt.held); err != nil {
					t.Fatal(err)
				}
			}
			source := &source{users: map[user.Name]user.User{u.Name: u}}
			cache, err := usercache.New(client, source, usercache.Config{}, prometheus.NewRegistry())
			if err != nil {
				t.Fatal(err)
			}
			fencer, err := usercache.NewFencer(client, usercache.FenceConfig{}, prometheus.NewRegistry())
			if err != nil {
				t.Fatal(err)
			}
			tt.send(t, cache, fencer, u)
			if got := p.seen.Load(); got != 1 {
				t.Errorf("it was sent %d times, want once", got)
			}
		})
	}
}

func read(t *testing.T, cache *usercache.Cache, _ *usercache.Fencer, u user.User) {
	t.Helper()
	if e, err := cache.Get(t.Context(), u.Name); err != nil || e != usercache.NewEntry(u) {
		t.Errorf("got %v and error %v, want the user", e, err)
	}
}
