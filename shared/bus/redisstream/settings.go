package redisstream

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// checkTimeout bounds the look at a server's settings.
const checkTimeout = time.Second

// settingsCheck looks once at the settings of a server that answers, and tells in the log what would lose events.
type settingsCheck struct {
	mu   sync.Mutex
	done bool
}

// once does nothing from the second time on. A server that cannot be reached is looked at the next time.
func (s *settingsCheck) once(ctx context.Context, client redis.Cmdable, logger *slog.Logger) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.done {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	settings := map[string]string{}
	for _, name := range []string{"appendonly", "maxmemory-policy"} {
		found, err := client.ConfigGet(ctx, name).Result()
		var refused redis.Error
		switch {
		case errors.As(err, &refused): // managed servers have no CONFIG
			logger.DebugContext(ctx, "the settings of the event bus cannot be read", "error", err)
			s.done = true
			return
		case err != nil:
			return
		}
		settings[name] = found[name]
	}
	s.done = true
	if settings["appendonly"] != "yes" {
		logger.WarnContext(ctx, "the event bus forgets everything when it restarts: give its Redis an append-only file",
			"appendonly", settings["appendonly"], "want", "yes")
	}
	if policy := settings["maxmemory-policy"]; policy != "noeviction" {
		logger.WarnContext(ctx, "the event bus may drop all events when it is short of memory: give it a Redis of its own",
			"maxmemory_policy", policy, "want", "noeviction")
	}
}
