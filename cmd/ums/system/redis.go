package system

import (
	"context"
	"fmt"
	"time"

	"github.com/alicebob/miniredis/v2"
)

// maxCachedKeys bounds the memory of the Redis in this process: a record takes about 300 bytes of it.
const maxCachedKeys = 50_000

// embeddedRedis is a Redis server inside this process, for the cache alone. It neither ages its keys nor bounds them by
// itself, so run does both.
type embeddedRedis struct {
	server *miniredis.Miniredis
}

func startRedis() (*embeddedRedis, error) {
	server := miniredis.NewMiniRedis()
	if err := server.StartAddr("127.0.0.1:0"); err != nil {
		return nil, fmt.Errorf("start the cache in this process: %w", err)
	}
	return &embeddedRedis{server: server}, nil
}

func (e *embeddedRedis) url() string { return "redis://" + e.server.Addr() }

func (e *embeddedRedis) close() { e.server.Close() }

// run ages the server's keys each second until ctx ends.
func (e *embeddedRedis) run(ctx context.Context) error {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for last := time.Now(); ; {
		select {
		case <-ctx.Done():
			return nil
		case now := <-ticker.C:
			e.age(now.Sub(last))
			last = now
		}
	}
}

// age expires what has lived its time, and bounds what is left.
func (e *embeddedRedis) age(passed time.Duration) {
	e.server.FastForward(passed)
	e.evict()
}

// evict removes half of the keys once there are too many. To lose one is no more than a miss.
func (e *embeddedRedis) evict() {
	keys := e.server.Keys()
	if len(keys) <= maxCachedKeys {
		return
	}
	for i := 0; i < len(keys); i += 2 {
		e.server.Del(keys[i])
	}
}
