package redisstream

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"

	"github.com/glarimy/ums/shared/bus/internal/work"
	"github.com/glarimy/ums/shared/event"
)

// Publish implements [bus.Publisher]. What is sent at all is sent in one MULTI: the server takes it whole or not at all,
// so that no user's events are torn apart by a server that is out of memory for a moment.
func (b *Bus) Publish(ctx context.Context, events []event.Event) []error {
	results, sound := work.Refuse(events)
	if len(sound) > 0 {
		if err := b.append(ctx, events, sound); err != nil {
			if results == nil {
				results = make([]error, len(events))
			}
			for _, i := range sound {
				results[i] = err
			}
			return results
		}
	}
	b.checks.once(ctx, b.client, b.logger)
	return results
}

// append adds some of the events to the stream, all or none of them.
func (b *Bus) append(ctx context.Context, events []event.Event, indices []int) error {
	_, err := b.client.TxPipelined(ctx, func(pipe redis.Pipeliner) error {
		for _, i := range indices {
			pipe.XAdd(ctx, &redis.XAddArgs{
				Stream: Stream, MaxLen: b.options.MaxLength, Approx: true, Values: fields(events[i]),
			})
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("add %d entries to the stream %s: %w", len(indices), Stream, err)
	}
	return nil
}

// fields are the names and values of an entry.
func fields(e event.Event) []any {
	attributes := e.Attributes()
	values := make([]any, 0, 2*len(attributes)+2)
	for _, a := range attributes {
		values = append(values, a.Name, a.Value)
	}
	return append(values, fieldData, e.Data)
}
