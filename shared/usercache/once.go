package usercache

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"
)

// once makes a command that the client sends at most once, whatever its options say of retries. Without it an attempt
// that was given up could arrive after its successor and put a token back that is valid no more.
type once struct{ redis.Cmder }

// NoRetry implements [redis.Cmder].
func (once) NoRetry() bool { return true }

// setIfAbsent sets the key unless it exists and reports whether it did.
func setIfAbsent(
	ctx context.Context, client redis.UniversalClient, key, value string, ttl time.Duration,
) (bool, error) {
	err := client.Process(ctx, once{redis.NewStatusCmd(ctx, "set", key, value, "nx", "px", millis(ttl))})
	if errors.Is(err, redis.Nil) {
		return false, nil
	}
	return err == nil, err
}

// set sets the key whatever it holds.
func set(ctx context.Context, client redis.UniversalClient, key, value string, ttl time.Duration) error {
	return client.Process(ctx, once{setCommand(ctx, key, value, ttl)})
}

func setCommand(ctx context.Context, key, value string, ttl time.Duration) *redis.StatusCmd {
	return redis.NewStatusCmd(ctx, "set", key, value, "px", millis(ttl))
}

// seize replaces a value that could not be decoded and reports whether the key still held it.
func seize(
	ctx context.Context, client redis.UniversalClient, key, found, value string, ttl time.Duration,
) (bool, error) {
	cmd := redis.NewIntCmd(ctx, "eval", seizeScript, 1, key, found, value, millis(ttl))
	err := client.Process(ctx, once{cmd})
	return cmd.Val() == 1, err
}

// millis returns d in the whole milliseconds of Redis, at least one.
func millis(d time.Duration) int64 { return max(1, d.Milliseconds()) }
