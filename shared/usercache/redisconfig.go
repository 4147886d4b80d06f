package usercache

import (
	"time"

	"github.com/redis/go-redis/v9"
)

// RedisConfig is what an operator can set of the cache's server.
type RedisConfig struct {
	URL string `env:"REDIS_URL,required"` // see [Open]
}

// Open prepares a client whose calls take at most timeout at each of their stages, without connecting.
func (c RedisConfig) Open(timeout time.Duration) (redis.UniversalClient, error) {
	return Open(c.URL, timeout)
}
