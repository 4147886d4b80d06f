package usercache_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/glarimy/ums/shared/user"
	"github.com/glarimy/ums/shared/usercache"
)

func testHit(t *testing.T, redisURL string) {
	f := newFixture(t, redisURL, usercache.Config{}, usercache.FenceConfig{})
	u := f.cached(t)
	f.gets(t, u)
	if got := f.source.calls.Load(); got != 1 {
		t.Errorf("the source was asked %d times, want 1", got)
	}
	want := `user:"1662976800000000-1"{"name":"` + u.Name.String() + `","phone":9000000000,"since":"2022-09-12T10:00:00Z"}`
	if got := f.value(t, u.Name); got != want {
		t.Errorf("the key holds %s, want %s", got, want)
	}
}

func testNegativeHit(t *testing.T, redisURL string) {
	f := newFixture(t, redisURL, usercache.Config{}, usercache.FenceConfig{})
	name := newName(t)
	for range 2 {
		if _, err := f.cache.Get(t.Context(), name); !errors.Is(err, user.ErrNotFound) {
			t.Fatalf("got error %v, want not found", err)
		}
		if f.source.calls.Load() == 1 && f.value(t, name) != "none:" {
			f.until(t, usercache.StepOver)
		}
	}
	if got := f.source.calls.Load(); got != 1 {
		t.Errorf("the source was asked %d times, want 1", got)
	}
}

const (
	forEver  = time.Duration(-1)     // Redis's answer for a key that does not end
	rounding = 10 * time.Millisecond // Redis counts in milliseconds, by the clock at its last look
)

func testTimeToLive(t *testing.T, redisURL string) {
	tests := map[string]time.Duration{"minutes": 2 * time.Minute, "less than a second": 900 * time.Millisecond}
	for name, ttl := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, redisURL, usercache.Config{TTL: ttl, NegativeTTL: ttl}, usercache.FenceConfig{})
			missing := newName(t)
			begin := time.Now()
			if _, err := f.cache.Get(t.Context(), missing); !errors.Is(err, user.ErrNotFound) {
				t.Fatal(err)
			}
			f.until(t, usercache.StepOver)
			for _, name := range []user.Name{f.cached(t).Name, missing} {
				got, err := f.redis.PTTL(t.Context(), usercache.Key(name)).Result()
				if err != nil {
					t.Fatal(err)
				}
				since := time.Since(begin) // and more than since it was put there, which may have ended by now
				if got == forEver || got > ttl || max(got, 0)+since < ttl*4/5-rounding {
					t.Errorf("%s is kept for %v more after %v, want four fifths of %v to all of it", name, got, since, ttl)
				}
			}
		})
	}
}

// testMalformed spoils the key in every way: the next read is right, and so is what it leaves behind.
func testMalformed(t *testing.T, redisURL string) {
	f := newFixture(t, redisURL, usercache.Config{}, usercache.FenceConfig{})
	u := f.user(t)
	key, good := usercache.Key(u.Name), "user:"+usercache.NewEntry(u).ETag()+usercache.NewEntry(u).Record()
	for _, value := range malformedValues(good) {
		if err := f.redis.Set(t.Context(), key, value, 0).Err(); err != nil {
			t.Fatal(err)
		}
		f.gets(t, u)
		f.until(t, usercache.StepOver)
		if got := f.value(t, u.Name); got != good {
			t.Errorf("%q was replaced by %q, want %q", value, got, good)
		}
	}
	if err := errors.Join(f.redis.Del(t.Context(), key).Err(), f.redis.LPush(t.Context(), key, "fence:").Err()); err != nil {
		t.Fatal(err)
	}
	f.gets(t, u)
	f.until(t, usercache.StepOver)
	if got := f.value(t, u.Name); got != good {
		t.Errorf("a list was replaced by %q, want %q", got, good)
	}
}

// malformedValues returns what looks like a value of the cache, but is none.
func malformedValues(good string) []string {
	return []string{
		"", "user", "user:", "none", "none:x", "lease", "fence", "Fence:1",
		good[:len(good)-1], good[5:], good + "\n", good + good, strings.Replace(good, `"`, "", 1),
		strings.Replace(good, "-", "+", 1), strings.Replace(good, `"name"`, `"nome"`, 1),
		strings.Replace(good, "phone", "pho\x00e", 1), strings.Replace(good, "phone", "pho\xffe", 1),
		`user:"-1"{"name":"KrishnaMohan"Z"}`, `user:"1-"{"name":"KrishnaMohan"Z"}`, `user:"1-1{"name":"KrishnaMohan"Z"}`,
		`user:"1-1"{"name":"` + strings.Repeat("x", 2000) + `Z"}`,
	}
}

// testOrphanedLease meets the lease of a process that has gone: nobody waits for long, and nobody fills.
func testOrphanedLease(t *testing.T, redisURL string) {
	f := newFixture(t, redisURL, usercache.Config{LeaseWait: time.Millisecond}, usercache.FenceConfig{})
	u := f.user(t)
	if err := f.redis.Set(t.Context(), usercache.Key(u.Name), "lease:orphan", 0).Err(); err != nil {
		t.Fatal(err)
	}
	f.gets(t, u)
	if got := f.value(t, u.Name); got != "lease:orphan" {
		t.Errorf("the key holds %q, want the lease as it was", got)
	}
}

// testJoin has ten readers of one name in one process: one read of the database serves them.
func testJoin(t *testing.T, redisURL string) {
	f := newFixture(t, redisURL, usercache.Config{LeaseWait: 10 * time.Second}, usercache.FenceConfig{})
	u := f.user(t)
	f.source.hold = make(chan struct{})
	const readers = 10
	done := make(chan error, readers)
	for range readers {
		go func() {
			e, err := f.cache.Get(t.Context(), u.Name)
			if err == nil && e != usercache.NewEntry(u) {
				err = errors.New("got another user")
			}
			done <- err
		}()
	}
	for range readers {
		f.until(t, usercache.StepAwait)
	}
	close(f.source.hold)
	for range readers {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if got := f.source.calls.Load(); got != 1 {
		t.Errorf("the source was asked %d times, want 1", got)
	}
}

// testLeaving has the reader leave whose load others have joined.
func testLeaving(t *testing.T, redisURL string) {
	f := newFixture(t, redisURL, usercache.Config{LeaseWait: 10 * time.Second}, usercache.FenceConfig{})
	u := f.user(t)
	f.source.hold = make(chan struct{})
	first, leave := context.WithCancel(t.Context())
	left, done := make(chan error, 1), make(chan error, 1)
	get := func(ctx context.Context, done chan error) {
		_, err := f.cache.Get(ctx, u.Name)
		done <- err
	}
	go get(first, left)
	f.until(t, usercache.StepAwait)
	go get(t.Context(), done)
	f.until(t, usercache.StepAwait)
	leave()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("the reader who left got error %v, want %v", err, context.Canceled)
	}
	close(f.source.hold)
	if err := <-done; err != nil {
		t.Errorf("the reader who stayed got error %v", err)
	}
	f.until(t, usercache.StepOver)
	f.gets(t, u)
	if got := f.source.calls.Load(); got != 1 {
		t.Errorf("the source was asked %d times, want 1", got)
	}
}
