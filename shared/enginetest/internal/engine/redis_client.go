package engine

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/redis/go-redis/v9"
)

// redisPatience bounds each step of a short talk with a Redis.
const redisPatience = 2 * time.Second

// redisOptions reads a Redis URL; TLS is not among what tests can talk.
func redisOptions(url string) (*redis.Options, error) {
	options, err := redis.ParseURL(url)
	if err == nil && options.TLSConfig != nil {
		err = errors.New("want redis://, not rediss://")
	}
	if err != nil {
		return nil, fmt.Errorf("read the Redis URL: %w", err)
	}
	return options, nil
}

// dialRedis gives a client with one connection. The connection is made here and now, without retries: a server that is
// starting refuses many, and a client would print each refusal.
func dialRedis(ctx context.Context, url string) (*redis.Client, error) {
	options, err := redisOptions(url)
	if err != nil {
		return nil, err
	}
	dialer := net.Dialer{Timeout: redisPatience}
	conn, err := dialer.DialContext(ctx, "tcp", options.Addr)
	if err != nil {
		return nil, fmt.Errorf("connect to Redis: %w", err)
	}
	options.Dialer = func(context.Context, string, string) (net.Conn, error) { return conn, nil }
	options.PoolSize, options.MaxRetries, options.DialerRetries = 1, -1, 1
	options.ReadTimeout, options.WriteTimeout = redisPatience, redisPatience
	return redis.NewClient(options), nil
}
