package usercache

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"time"

	"github.com/glarimy/ums/shared/user"
)

// lease sets a lease in place of what a look came upon, nothing or a value of no use, and begins the load that it is
// for. There is no load where the key has changed since the look.
func (c *Cache) lease(ctx context.Context, name user.Name, key string, h held) (*load, error) {
	token := newToken()
	var ok bool
	err := c.redis.do(ctx, func(ctx context.Context) (err error) {
		if h.kind == malformed {
			c.trace.reach(ctx, stepSeize)
			ok, err = seize(ctx, c.redis.client, key, h.text, leasePrefix+token, c.config.leaseTime())
		} else {
			c.trace.reach(ctx, stepLease)
			ok, err = setIfAbsent(ctx, c.redis.client, key, leasePrefix+token, c.config.leaseTime())
		}
		return err
	})
	if err != nil || !ok {
		return nil, err
	}
	l := c.leased.begin(token)
	c.running.Go(func() { c.fill(context.WithoutCancel(ctx), name, key, token, l) })
	return l, nil
}

// fill runs a load that holds a lease: it reads the database, gives out the result, and puts it where the lease is.
// Others who are given the token may join until that is done; but nobody is given an error from before he came.
func (c *Cache) fill(ctx context.Context, name user.Name, key, token string, l *load) {
	defer c.trace.reach(ctx, stepOver)
	defer c.leased.end(token)
	e, err := Entry{}, c.enter()
	if err == nil {
		c.trace.reach(ctx, stepRead)
		e, err = c.read(ctx, name)
	}
	held := leasePrefix + token
	switch {
	case err == nil:
		l.finish(e, nil)
		c.put(ctx, key, held, e.encode(), c.config.TTL)
	case errors.Is(err, user.ErrNotFound):
		l.finish(e, err)
		c.put(ctx, key, held, noneValue, c.config.NegativeTTL)
	default:
		c.leased.end(token)
		l.finish(e, err)
		c.drop(ctx, key, held)
	}
}

// put replaces a lease by what its load found. A lease that has given way to a fence since, or to anything else, makes
// it do nothing: the value may be out of date.
func (c *Cache) put(ctx context.Context, key, held, value string, ttl time.Duration) {
	var filled int
	err := c.redis.do(ctx, func(ctx context.Context) (err error) {
		c.trace.reach(ctx, stepFill)
		filled, err = fillScript.Run(ctx, c.redis.client, []string{key}, held, value, millis(jitter(ttl))).Int()
		return err
	})
	if err == nil && filled == 0 {
		c.metrics.refused.Inc()
	}
}

// drop gives back the lease of a load that failed. If that fails too, others wait a moment each until it expires.
func (c *Cache) drop(ctx context.Context, key, held string) {
	_ = c.redis.do(ctx, func(ctx context.Context) error {
		c.trace.reach(ctx, stepDrop)
		return dropScript.Run(ctx, c.redis.client, []string{key}, held).Err()
	})
}

// readDirect reads the database for readers that do not fill. All who come while the load waits for its turn share it.
func (c *Cache) readDirect(ctx context.Context, name user.Name) (Entry, error) {
	c.trace.reach(ctx, stepDirect)
	l, before, first := c.direct.join(name)
	if first {
		c.running.Go(func() { c.runDirect(context.WithoutCancel(ctx), name, l, before) })
	} else {
		c.metrics.joined.Inc()
	}
	return c.await(ctx, l)
}

// runDirect runs the load that waits, after the one before it is over or has taken long enough: a name that everybody
// asks for then costs the database one read at a time.
func (c *Cache) runDirect(ctx context.Context, name user.Name, l, before *load) {
	defer c.trace.reach(ctx, stepOver)
	defer c.direct.end(name, l)
	if before != nil {
		patience, cancel := context.WithTimeout(ctx, c.config.LeaseWait)
		_, _ = before.wait(patience)
		cancel()
	}
	e, err := Entry{}, c.enter()
	c.trace.reach(ctx, stepSelect)
	c.direct.begin(name)
	if err == nil {
		e, err = c.read(ctx, name)
	}
	l.finish(e, err)
}

// enter waits for the turn of a read of the database.
func (c *Cache) enter() error {
	err := c.gate.enter()
	if err != nil {
		c.metrics.overloaded.Inc()
	}
	return err
}

// read reads the database and ends the turn. A panic of the source, which would end the process, becomes an error.
func (c *Cache) read(ctx context.Context, name user.Name) (e Entry, err error) {
	defer c.gate.leave()
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("reading a user panicked: %v\n%s", p, debug.Stack())
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, c.config.LoadTimeout)
	defer cancel()
	start := time.Now()
	u, err := c.source.Find(ctx, name)
	c.metrics.loadSeconds.Observe(time.Since(start).Seconds())
	if err != nil {
		return Entry{}, err
	}
	return NewEntry(u), nil
}

// jitter returns a random time from four fifths of d to d, so that what was filled together does not expire together.
func jitter(d time.Duration) time.Duration { return d - rand.N(d/5+1) }
