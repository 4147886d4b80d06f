package find_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/glarimy/ums/shared/problem"
	"github.com/glarimy/ums/shared/servicetest"
	"github.com/glarimy/ums/shared/user"
	"github.com/glarimy/ums/shared/usercache"
)

// TestHitsLeaveTheDatabaseAlone takes the user away behind the cache and finds that nobody notices.
func TestHitsLeaveTheDatabaseAlone(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *backends) {
		s := start(t, b, options{})
		u := b.insert(t, "KrishnaMohan", since())
		first := s.get(t, "/user/KrishnaMohan")
		b.cached(t, u.Name, "user:")
		b.delete(t, u.Name)
		for range 10 {
			got := s.get(t, "/user/KrishnaMohan")
			if got.status != http.StatusOK || got.body != first.body || got.header.Get("Etag") != first.header.Get("Etag") {
				t.Fatalf("%d %s, want 200 %s again", got.status, got.body, first.body)
			}
		}
		s.wantMetrics(t, "ums_cache_hits_total 10", "ums_cache_misses_total 1", "ums_cache_load_seconds_count 1")
		b.forget(t, u.Name)
		s.get(t, "/user/KrishnaMohan").wantProblem(t, problem.UserNotFound)
		s.wantMetrics(t, "ums_cache_hits_total 10", "ums_cache_misses_total 2", "ums_cache_load_seconds_count 2")
	})
}

// TestNobodyIsCachedToo finds that the absence of a user is remembered, for a time: TestTimes finds how short it is.
func TestNobodyIsCachedToo(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *backends) {
		s := start(t, b, options{cache: usercache.Config{NegativeTTL: time.Minute}})
		name := keyOf(t, "KrishnaMohan")
		s.get(t, "/user/KrishnaMohan").wantProblem(t, problem.UserNotFound)
		b.cached(t, name, "none:")
		b.insert(t, "KrishnaMohan", since())
		for range 5 {
			s.get(t, "/user/KrishnaMohan").wantProblem(t, problem.UserNotFound)
		}
		s.wantMetrics(t, "ums_cache_negative_hits_total 5", "ums_cache_misses_total 1", "ums_cache_load_seconds_count 1")
		ttl := b.redis.PTTL(t.Context(), usercache.Key(name)).Val()
		if ttl <= 0 || ttl > time.Minute {
			t.Errorf("it is remembered for %s, want up to a minute", ttl)
		}
	})
}

// TestTimes finds what CACHE_TTL and its kin bound.
func TestTimes(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *backends) {
		for _, tc := range []struct {
			name       string
			config     usercache.Config
			user, none time.Duration
		}{
			{"defaults", usercache.Config{}, time.Minute, 5 * time.Second},
			{"settings", usercache.Config{TTL: 10 * time.Minute, NegativeTTL: time.Minute}, 10 * time.Minute, time.Minute},
		} {
			s := start(t, b, options{cache: tc.config})
			here, gone := b.insert(t, "here-"+tc.name, since()).Name, keyOf(t, "gone-"+tc.name)
			for _, want := range []struct {
				name         user.Name
				prefix, path string
				status       int
				ttl          time.Duration
			}{
				{here, "user:", "/user/here-" + tc.name, http.StatusOK, tc.user},
				{gone, "none:", "/user/gone-" + tc.name, http.StatusNotFound, tc.none},
			} {
				begin := time.Now()
				var ttl time.Duration
				servicetest.Eventually(t, "the cache holds "+want.prefix, func() bool { // again where it has ended already
					s.get(t, want.path).wantStatus(t, want.status)
					held := b.redis.Get(t.Context(), usercache.Key(want.name)).Val()
					ttl = b.redis.PTTL(t.Context(), usercache.Key(want.name)).Val()
					return strings.HasPrefix(held, want.prefix) && ttl > 0
				})
				passed := time.Since(begin) // and more than since the cache began to hold it
				if ttl > want.ttl || ttl+passed < want.ttl*3/4 {
					t.Errorf("%s: %s is kept for %s more after %s, want up to %s", tc.name, want.name, ttl, passed, want.ttl)
				}
			}
		}
	})
}

// TestFenceIsMet finds that a reader goes to the database while a writer is at work, and puts nothing in its way.
func TestFenceIsMet(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *backends) {
		s := start(t, b, options{})
		u := b.insert(t, "KrishnaMohan", since())
		const fence = "fence:of a writer"
		if err := b.redis.Set(t.Context(), usercache.Key(u.Name), fence, time.Minute).Err(); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			s.get(t, "/user/KrishnaMohan").wantStatus(t, http.StatusOK)
		}
		s.wantMetrics(t, "ums_cache_fences_met_total 3", "ums_cache_load_seconds_count 3", "ums_cache_hits_total 0")
		if held := b.redis.Get(t.Context(), usercache.Key(u.Name)).Val(); held != fence {
			t.Errorf("the cache holds %q, want the fence as before", held)
		}
	})
}

// TestLeaseIsMet finds that a reader waits for another process's load, but not for ever.
func TestLeaseIsMet(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *backends) {
		s := start(t, b, options{})
		u := b.insert(t, "KrishnaMohan", since())
		const lease = "lease:of another process"
		if err := b.redis.Set(t.Context(), usercache.Key(u.Name), lease, time.Minute).Err(); err != nil {
			t.Fatal(err)
		}
		s.get(t, "/user/KrishnaMohan").wantStatus(t, http.StatusOK)
		s.wantMetrics(t, "ums_cache_load_seconds_count 1", "ums_cache_misses_total 0", "ums_cache_hits_total 0")
		if held := b.redis.Get(t.Context(), usercache.Key(u.Name)).Val(); held != lease {
			t.Errorf("the cache holds %q, want the lease as before", held)
		}
	})
}

// TestGarbageIsReplaced finds that what nobody can have cached harms nobody.
func TestGarbageIsReplaced(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *backends) {
		s := start(t, b, options{})
		u := b.insert(t, "KrishnaMohan", since())
		want := string(u.Record().AppendJSON(nil))
		for _, garbage := range []string{"", "x", "user:", `user:"1-1"`, `user:"1-1"{}`, "none", want} {
			if err := b.redis.Set(t.Context(), usercache.Key(u.Name), garbage, time.Minute).Err(); err != nil {
				t.Fatal(err)
			}
			if got := s.get(t, "/user/KrishnaMohan"); got.status != http.StatusOK || got.body != want {
				t.Errorf("with %q: %d %s, want 200 %s", garbage, got.status, got.body, want)
			}
			b.cached(t, u.Name, `user:"`+u.ETag()[1:])
		}
		s.wantMetrics(t, "ums_cache_malformed_entries_total 7")
	})
}
