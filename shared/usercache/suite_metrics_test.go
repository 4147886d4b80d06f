package usercache_test

import (
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/glarimy/ums/shared/usercache"
)

// testMetrics goes through all that can be met and compares what was counted.
func testMetrics(t *testing.T, redisURL string) {
	f := newFixture(t, redisURL, usercache.Config{LeaseWait: 1}, usercache.FenceConfig{})
	u := f.cached(t)      // a miss
	f.gets(t, u)          // a hit
	f.gets(t, u)          // another
	missing := newName(t) // a miss
	_, _ = f.cache.Get(t.Context(), missing)
	f.until(t, usercache.StepOver)
	_, _ = f.cache.Get(t.Context(), missing) // a negative hit
	f.spoil(t, u.Name.String(), "garbage")
	f.gets(t, u) // a malformed entry
	f.until(t, usercache.StepOver)
	f.spoil(t, u.Name.String(), "fence:1")
	f.gets(t, u) // a fence
	f.spoil(t, u.Name.String(), "lease:1")
	f.gets(t, u) // a lease, looked at six times
	f.cache.SkipRedis(true)
	f.gets(t, u) // nothing

	const want = `
# HELP ums_cache_breaker_state Breaker in front of Redis: 0 closed, 1 open, 2 half open.
# TYPE ums_cache_breaker_state gauge
ums_cache_breaker_state 1
# HELP ums_cache_fences_met_total Looks that found the fence of a write.
# TYPE ums_cache_fences_met_total counter
ums_cache_fences_met_total 1
# HELP ums_cache_fills_refused_total Loaded users that were not kept, because their lease was gone.
# TYPE ums_cache_fills_refused_total counter
ums_cache_fills_refused_total 0
# HELP ums_cache_hits_total Looks that found a user.
# TYPE ums_cache_hits_total counter
ums_cache_hits_total 2
# HELP ums_cache_joined_loads_total Reads that took part in another's read of the database.
# TYPE ums_cache_joined_loads_total counter
ums_cache_joined_loads_total 0
# HELP ums_cache_leases_met_total Looks that found the lease of a load.
# TYPE ums_cache_leases_met_total counter
ums_cache_leases_met_total 6
# HELP ums_cache_malformed_entries_total Looks that found what the cache cannot have written.
# TYPE ums_cache_malformed_entries_total counter
ums_cache_malformed_entries_total 1
# HELP ums_cache_misses_total Looks that found nothing.
# TYPE ums_cache_misses_total counter
ums_cache_misses_total 2
# HELP ums_cache_negative_hits_total Looks that found that there is no such user.
# TYPE ums_cache_negative_hits_total counter
ums_cache_negative_hits_total 1
# HELP ums_cache_overloaded_total Reads of the database refused because too many were running.
# TYPE ums_cache_overloaded_total counter
ums_cache_overloaded_total 0
# HELP ums_cache_skipped_total Looks that Redis did not answer, or the breaker did not let pass.
# TYPE ums_cache_skipped_total counter
ums_cache_skipped_total 1
`
	names := []string{
		"ums_cache_breaker_state", "ums_cache_fences_met_total", "ums_cache_fills_refused_total", "ums_cache_hits_total",
		"ums_cache_joined_loads_total", "ums_cache_leases_met_total", "ums_cache_malformed_entries_total",
		"ums_cache_misses_total", "ums_cache_negative_hits_total", "ums_cache_overloaded_total", "ums_cache_skipped_total",
	}
	if err := testutil.GatherAndCompare(f.registry, strings.NewReader(want), names...); err != nil {
		t.Error(err)
	}
	if got := testutil.CollectAndCount(f.registry, "ums_cache_load_seconds"); got != 1 {
		t.Errorf("there are %d histograms of load times, want 1", got)
	}
}

func (f *fixture) spoil(t *testing.T, name, value string) {
	t.Helper()
	if err := f.redis.Set(t.Context(), "ums:user:v1:"+name, value, 0).Err(); err != nil {
		t.Fatal(err)
	}
}

// testFenceMetrics counts a fence that was gone and one that was abandoned. Those that Redis did not confirm need an
// outage: see TestFenceWithoutRedis.
func testFenceMetrics(t *testing.T, redisURL string) {
	f := newFixture(t, redisURL, usercache.Config{}, usercache.FenceConfig{})
	name := newName(t)
	gone := f.fencer.Fence(t.Context(), name)
	if err := f.redis.Del(t.Context(), usercache.Key(name)).Err(); err != nil {
		t.Fatal(err)
	}
	if err := gone.Release(t.Context()); err != nil {
		t.Error(err)
	}
	f.fencer.Fence(t.Context(), name).Abandon()
	const want = `
# HELP ums_cache_fences_gone_total Fences that were gone when they were released: overtaken by a later write of the same user, or lost by Redis in a restart or to eviction.
# TYPE ums_cache_fences_gone_total counter
ums_cache_fences_gone_total 1
# HELP ums_cache_fences_unreleased_total Fences left to expire, because the release failed or the outcome of the transaction is unknown.
# TYPE ums_cache_fences_unreleased_total counter
ums_cache_fences_unreleased_total 1
# HELP ums_cache_unfenced_writes_total Writes of which Redis confirmed neither fence nor delete: reads may be stale until the write's event arrives.
# TYPE ums_cache_unfenced_writes_total counter
ums_cache_unfenced_writes_total 0
`
	err := testutil.GatherAndCompare(f.registry, strings.NewReader(want),
		"ums_cache_fences_gone_total", "ums_cache_fences_unreleased_total", "ums_cache_unfenced_writes_total")
	if err != nil {
		t.Error(err)
	}
}
