package writes

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/glarimy/ums/bench/dataset"
	"github.com/glarimy/ums/bench/load"
	"github.com/glarimy/ums/shared/bus/redisstream"
)

// events is a consumer of the stream of events, which measures how long they have been on their way.
type events struct {
	client *redis.Client
	url    string
	last   string // ID of the last entry that was read
	remove func(context.Context) error
}

// openEvents refuses a server with events of others.
func openEvents(ctx context.Context, rawURL string) (*events, error) {
	client, remove, err := dataset.OwnStream(ctx, rawURL)
	if err != nil {
		return nil, err
	}
	return &events{client: client, url: rawURL, last: "0", remove: remove}, nil
}

// skip forgets what is on the stream.
func (e *events) skip(ctx context.Context) error {
	entries, err := e.client.XRevRangeN(ctx, redisstream.Stream, "+", "-", 1).Result()
	if err != nil {
		return fmt.Errorf("read the stream of events: %w", err)
	}
	if len(entries) > 0 {
		e.last = entries[0].ID
	}
	return nil
}

// quiet is how long no event comes when all have come.
const quiet = 2 * time.Second

// measure reads events until there are none any more, after ctx has ended, and returns how long each was on its way: from
// the moment that it carries, which is before its transaction, until it is read.
func (e *events) measure(ctx context.Context) (load.Result, error) {
	r := load.NewResult()
	for {
		block := &redis.XReadArgs{Streams: []string{redisstream.Stream, e.last}, Count: 1000, Block: quiet}
		streams, err := e.client.XRead(context.WithoutCancel(ctx), block).Result()
		now := time.Now()
		switch {
		case errors.Is(err, redis.Nil) && ctx.Err() != nil:
			return r, nil //nolint:nilerr // nothing has come any more
		case errors.Is(err, redis.Nil):
			continue
		case err != nil:
			return r, fmt.Errorf("read the stream of events: %w", err)
		}
		for _, entry := range streams[0].Messages {
			text, _ := entry.Values["ce_time"].(string)
			at, err := time.Parse(time.RFC3339Nano, text)
			if err != nil {
				return r, fmt.Errorf("the event %s: %w", entry.ID, err)
			}
			r.Record(true, max(now.Sub(at), 0))
			e.last = entry.ID
		}
	}
}

// close removes the stream, which is the benchmark's.
func (e *events) close(ctx context.Context) error {
	return e.remove(ctx)
}
