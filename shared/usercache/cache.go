package usercache

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/glarimy/ums/shared/user"
)

// Source is where users are read that the cache does not have: a [user.UserRepository] that returns what is committed
// at the moment of the call, so never one that reads a replica.
type Source interface {
	// Find returns the user called name, or user.ErrNotFound.
	Find(ctx context.Context, name user.Name) (user.User, error)
}

// Cache reads users through Redis. It is safe for concurrent use. Make one with [New].
type Cache struct {
	redis   *remote
	source  Source
	config  Config
	metrics *metrics
	gate    *gate
	leased  leasedLoads
	direct  directLoads
	running sync.WaitGroup
	looks   int
	trace   tracer
}

// New returns a cache of the users in source, whose metrics are in registry. The client's calls should be as short as
// those of a client from [Open] with [ReadTimeout]. The client stays the caller's, to be closed after the cache.
func New(
	client redis.UniversalClient, source Source, config Config, registry prometheus.Registerer,
) (*Cache, error) {
	config, err := config.withDefaults()
	if err != nil {
		return nil, err
	}
	r, err := newRemote(client, config.RetryRedis)
	if err != nil {
		return nil, fmt.Errorf("usercache: %w", err)
	}
	m, err := newMetrics(registry, r.breaker)
	if err != nil {
		return nil, fmt.Errorf("usercache: %w", err)
	}
	return &Cache{
		redis:   r,
		source:  source,
		config:  config,
		metrics: m,
		gate:    newGate(config.MaxLoads, config.LoadWait),
		looks:   looks,
	}, nil
}

// Close waits for the loads that still run. No Get may begin after it.
func (c *Cache) Close() error {
	c.running.Wait()
	return c.redis.close()
}

// Get returns the user called name. The error is [user.ErrNotFound], [ErrOverloaded], that of ctx, or the source's;
// trouble with Redis is none of the caller's. A caller whose ctx ends leaves; what it began goes on for others.
func (c *Cache) Get(ctx context.Context, name user.Name) (Entry, error) {
	key := Key(name)
	h := c.look(ctx, key, name)
	if h.kind == found {
		return h.entry, nil
	}
	return c.resolve(ctx, name, key, h)
}

// Invalidate deletes what is cached of the user called name, unless it is fenced: the durable path, for the events of
// writes, which come late and more than once. It is to be repeated until it returns nil.
func (c *Cache) Invalidate(ctx context.Context, name user.Name) error {
	c.trace.reach(ctx, stepDelete)
	if err := deleteScript.Run(ctx, c.redis.client, []string{Key(name)}).Err(); err != nil {
		return fmt.Errorf("delete a user from the cache: %w", err)
	}
	return nil
}

// looks is how often a reader who meets the lease of another process looks at the key. The waits between double, and
// add up to Config.LeaseWait.
const looks = 6

// resolve goes on where a first look did not find the user: it looks again, joins, loads, or reads the database without
// filling.
func (c *Cache) resolve(ctx context.Context, name user.Name, key string, h held) (Entry, error) {
	wait := c.config.LeaseWait / (1<<(looks-1) - 1)
	for n := 1; ; n++ {
		var l *load
		var err error
		switch h.kind {
		case found:
			return h.entry, nil
		case missing:
			return Entry{}, user.ErrNotFound
		case absent, malformed:
			l, err = c.lease(ctx, name, key, h)
		case lease:
			if l = c.join(ctx, h.text); l == nil && n < c.looks {
				if err := pause(ctx, wait); err != nil {
					return Entry{}, err
				}
				wait *= 2
			}
		default: // a fence, or Redis has failed
			return c.readDirect(ctx, name)
		}
		if l != nil {
			return c.await(ctx, l)
		}
		if err != nil || n == c.looks {
			return c.readDirect(ctx, name)
		}
		h = c.look(ctx, key, name)
	}
}

// join returns the load of this process that a look's lease token belongs to, or nil.
func (c *Cache) join(ctx context.Context, token string) *load {
	c.trace.reach(ctx, stepJoin)
	l := c.leased.find(token)
	if l != nil {
		c.metrics.joined.Inc()
	}
	return l
}

// await waits for the result of a load.
func (c *Cache) await(ctx context.Context, l *load) (Entry, error) {
	c.trace.reach(ctx, stepAwait)
	return l.wait(ctx)
}

// look gets the key and counts what it holds.
func (c *Cache) look(ctx context.Context, key string, name user.Name) held {
	c.trace.reach(ctx, stepLook)
	value, ok, err := c.redis.look(ctx, key)
	h := held{kind: absent}
	if err != nil {
		h.kind = unreachable
	} else if ok {
		h = decode(value, name.String())
	}
	c.metrics.looks[h.kind].Inc()
	return h
}

// pause waits for d. The error is that of ctx.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
