package usercache_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/glarimy/ums/shared/user"
	"github.com/glarimy/ums/shared/usercache"
)

// crowd is many readers and some writers of a few users, in two processes, over one Redis and one database.
type crowd struct {
	table     *table
	caches    [2]*usercache.Cache
	fencer    *usercache.Fencer
	fenceTime time.Duration
	registry  *prometheus.Registry // of the fencer
	names     []user.Name

	start time.Time
	mu    sync.Mutex
	acts  []act
}

// act is one read or write and its end.
type act struct {
	client    int
	name      user.Name
	call, end time.Duration // since the crowd's start

	write     bool
	confirmed bool // a write whose delete was confirmed
	fenced    bool // a write whose fence was confirmed, and stood until it was committed

	revision uint64 // written or read
	present  bool   // whether the user is there in it; what is read of one who is not has no revision
}

const (
	crowdWriters = 4
	crowdReaders = 12
	crowdNames   = 3
)

func newCrowd(t *testing.T, redisURL string, table *table, timeout, fenceTime time.Duration) *crowd {
	t.Helper()
	c := &crowd{table: table, fenceTime: fenceTime, registry: prometheus.NewRegistry(), start: time.Now()}
	config := usercache.Config{RetryRedis: 50 * time.Millisecond, LoadTimeout: patience, LoadWait: patience}
	connect := func() *usercache.Cache {
		client, err := usercache.Open(redisURL, timeout)
		if err != nil {
			t.Fatal(err)
		}
		cache, err := usercache.New(client, table, config, prometheus.NewRegistry())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = errors.Join(cache.Close(), client.Close()) })
		return cache
	}
	c.caches = [2]*usercache.Cache{connect(), connect()}
	client, err := usercache.Open(redisURL, timeout)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	if c.fencer, err = usercache.NewFencer(client, usercache.FenceConfig{FenceTime: fenceTime}, c.registry); err != nil {
		t.Fatal(err)
	}
	for range crowdNames {
		name := newName(t)
		if err := table.add(t.Context(), name); err != nil {
			t.Fatal(err)
		}
		c.names = append(c.names, name)
	}
	return c
}

// run has the writers write until the end of ctx, and the readers read as long.
func (c *crowd) run(ctx context.Context, t *testing.T) {
	t.Helper()
	var running sync.WaitGroup
	for client := range crowdWriters + crowdReaders {
		running.Go(func() {
			do := c.read
			if client < crowdWriters {
				do = c.write
			}
			for ctx.Err() == nil {
				// What was begun is finished, so that its outcome is known.
				if err := do(context.WithoutCancel(ctx), client); err != nil {
					t.Error(err)
					return
				}
				c.rest(ctx, client)
			}
		})
	}
	running.Wait()
}

// rest keeps a machine of few processors from being busy with one client alone.
func (c *crowd) rest(ctx context.Context, client int) {
	longest := 2 * time.Millisecond
	if client < crowdWriters {
		longest = 10 * time.Millisecond
	}
	select {
	case <-time.After(rand.N(longest)):
	case <-ctx.Done():
	}
}

func (c *crowd) note(a act, call time.Time) {
	a.call, a.end = call.Sub(c.start), time.Since(c.start)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.acts = append(c.acts, a)
}

func (c *crowd) read(ctx context.Context, client int) error {
	a := act{client: client, name: c.names[rand.IntN(len(c.names))], present: true}
	call := time.Now()
	e, err := c.caches[client%len(c.caches)].Get(ctx, a.name)
	switch {
	case errors.Is(err, user.ErrNotFound):
		a.present = false
	case err != nil:
		return err
	default:
		a.revision, err = revisionOf(e, a.name)
		if err != nil {
			return err
		}
	}
	c.note(a, call)
	return nil
}

// revisionOf returns the revision of the table that e is.
func revisionOf(e usercache.Entry, name user.Name) (uint64, error) {
	_, version, _ := strings.Cut(strings.Trim(e.ETag(), `"`), "-")
	n, err := strconv.ParseUint(version, 10, 64)
	if err != nil || n == 0 || e != usercache.NewEntry(atRevision(name, n-1)) {
		return 0, fmt.Errorf("the cache returned what was never written: %v", e)
	}
	return n - 1, nil
}

// fence fences a user, by itself or as one of a batch.
func (c *crowd) fence(ctx context.Context, name user.Name) *usercache.Fence {
	if rand.IntN(2) == 0 {
		return c.fencer.FenceAll(ctx, []user.Name{name})[0]
	}
	return c.fencer.Fence(ctx, name)
}

// release releases a fence, by itself or as one of a batch.
func (c *crowd) release(ctx context.Context, fence *usercache.Fence) error {
	if rand.IntN(2) == 0 {
		return c.fencer.ReleaseAll(ctx, []*usercache.Fence{fence})
	}
	return fence.Release(ctx)
}

func (c *crowd) write(ctx context.Context, client int) error {
	a := act{client: client, name: c.names[rand.IntN(len(c.names))], write: true, present: rand.IntN(4) > 0}
	call := time.Now()
	change, err := c.table.begin(ctx, a.name, a.present)
	if err != nil {
		return err
	}
	sent := time.Now()
	fence := c.fence(ctx, a.name)
	if rand.IntN(10) == 0 {
		err = change.Rollback()
		_ = fence.Release(ctx)
		return err
	}
	if err := change.Commit(); err != nil {
		return err
	}
	// These transactions have no limit: on a machine that stands still one may outlive its fence.
	a.revision, a.fenced = change.revision, fence.Err() == nil && time.Since(sent) < c.fenceTime
	a.confirmed = c.release(ctx, fence) == nil
	c.note(a, call)
	if rand.IntN(2) == 0 {
		// The event of the write, or of one before it. It comes again until it is done, later than this test looks.
		_ = c.caches[0].Invalidate(ctx, a.name)
	}
	return nil
}
