package usercache

import (
	"errors"
	"fmt"
	"time"
)

// Config is what can be set about reading through the cache. A field left zero has its default.
type Config struct {
	// TTL is the longest that a user is kept (default 60 s). Each is kept for a random part of it, at least four
	// fifths. It bounds how long an answer can be out of date where Redis loses what it was told, as in a fail-over.
	TTL time.Duration `env:"CACHE_TTL"`

	// NegativeTTL is TTL for a user known not to exist (default 5 s).
	NegativeTTL time.Duration `env:"CACHE_NEGATIVE_TTL"`

	// LeaseWait is how long a reader waits at most for the load of another process, and for the database read before
	// its own (default 50 ms).
	LeaseWait time.Duration `env:"CACHE_LEASE_WAIT"`

	// LoadTimeout bounds one read of the database (default 2 s).
	LoadTimeout time.Duration `env:"CACHE_LOAD_TIMEOUT"`

	// MaxLoads is how many reads of the database may run at a time (default 64).
	MaxLoads int `env:"CACHE_MAX_LOADS"`

	// LoadWait is how long a read of the database waits for its turn before it is refused (default 100 ms).
	LoadWait time.Duration `env:"CACHE_LOAD_WAIT"`

	// RetryRedis is how long the breaker keeps readers away from a Redis that fails (default 1 s).
	RetryRedis time.Duration `env:"CACHE_RETRY_REDIS"`
}

// leaseTime is how long a lease keeps others from filling: as long as its load can take.
func (c Config) leaseTime() time.Duration { return c.LoadWait + c.LoadTimeout }

func (c Config) withDefaults() (Config, error) {
	err := errors.Join(
		setDefault(&c.TTL, 60*time.Second, "TTL"),
		setDefault(&c.NegativeTTL, 5*time.Second, "NegativeTTL"),
		setDefault(&c.LeaseWait, 50*time.Millisecond, "LeaseWait"),
		setDefault(&c.LoadTimeout, 2*time.Second, "LoadTimeout"),
		setDefault(&c.MaxLoads, 64, "MaxLoads"),
		setDefault(&c.LoadWait, 100*time.Millisecond, "LoadWait"),
		setDefault(&c.RetryRedis, time.Second, "RetryRedis"),
	)
	return c, err
}

// FenceConfig is what can be set about fences. A field left zero has its default.
type FenceConfig struct {
	// FenceTime is how long a fence stands that is not released (default 15 s).
	FenceTime time.Duration `env:"CACHE_FENCE_TIME"`
}

// TransactionTimeout is the longest that a transaction with a fence may take from its begin to the answer of COMMIT:
// under a third of the fence's time, so that no fence ends while its transaction can still commit.
func (c FenceConfig) TransactionTimeout() time.Duration {
	c, _ = c.withDefaults()
	return c.FenceTime * 3 / 10
}

func (c FenceConfig) withDefaults() (FenceConfig, error) {
	return c, setDefault(&c.FenceTime, 15*time.Second, "FenceTime")
}

func setDefault[T int | time.Duration](v *T, value T, field string) error {
	if *v < 0 {
		return fmt.Errorf("usercache: %s is negative: give a positive value, or none for its default", field)
	}
	if *v == 0 {
		*v = value
	}
	return nil
}
