package find

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/glarimy/ums/shared/bus"
	"github.com/glarimy/ums/shared/event"
	"github.com/glarimy/ums/shared/user"
	"github.com/glarimy/ums/shared/usercache"
)

// group is the name under which all find services together consume the bus: one of them deletes what all of them share.
const group = "find"

// parallel is how many keys are deleted at a time.
const parallel = 8

// invalidation is the cache's durable path: each event of a change deletes what is cached of its user. So a delete that
// was lost is made up for, and a change counts by whatever program it was made, as long as that filled the outbox.
type invalidation struct {
	cache *usercache.Cache
	bus   bus.Consumer
}

// run deletes until ctx ends.
func (i invalidation) run(ctx context.Context) error {
	return i.bus.Consume(ctx, bus.Subscription{Group: group}, i.handle)
}

// handle deletes the users of some events. What fails is Redis, never an event.
func (i invalidation) handle(ctx context.Context, events []event.Event) error {
	deletes, ctx := errgroup.WithContext(ctx)
	deletes.SetLimit(parallel)
	for name := range changed(events) {
		deletes.Go(func() error { return i.cache.Invalidate(ctx, name) })
	}
	if err := deletes.Wait(); err != nil {
		return fmt.Errorf("%w: %w", bus.ErrUnavailable, err)
	}
	return nil
}

// changed returns the users whom events changed. What is no user's name is never cached.
func changed(events []event.Event) map[user.Name]struct{} {
	names := make(map[user.Name]struct{}, len(events))
	for _, e := range events {
		if !e.IsChange() {
			continue
		}
		if name, err := user.NewName(e.User); err == nil {
			names[name] = struct{}{}
		}
	}
	return names
}
