package dataset

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/redis/go-redis/v9"

	"github.com/glarimy/ums/shared/bus/redisstream"
)

// OwnStream returns a client of a Redis where there is no stream of events yet, as it would be of others, and what removes
// the one that is there by then, and closes the client.
func OwnStream(ctx context.Context, rawURL string) (client *redis.Client, remove func(context.Context) error, err error) {
	options, err := redis.ParseURL(rawURL)
	if err != nil {
		return nil, nil, errors.New("the URL of Redis is none: want redis://host:port/number")
	}
	options.MaxRetries, options.DialerRetries = -1, 1
	client = redis.NewClient(options)
	n, err := client.Exists(ctx, redisstream.Stream).Result()
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("look for a stream of events: %w", err), client.Close())
	}
	if n > 0 {
		where, _ := url.Parse(rawURL)
		return nil, nil, errors.Join(fmt.Errorf("the Redis at %s has a stream of events: name one that is the benchmark's alone",
			where.Host), client.Close())
	}
	return client, func(ctx context.Context) error {
		return errors.Join(client.Del(ctx, redisstream.Stream).Err(), client.Close())
	}, nil
}
