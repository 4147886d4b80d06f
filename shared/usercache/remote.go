package usercache

import (
	"context"
	"errors"
	"time"

	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/redis/go-redis/v9"
)

// errSkipped says that the breaker is open: Redis was not asked.
var errSkipped = errors.New("redis is skipped after too many failures")

// The breaker opens when 5 of the last 10 calls failed, and closes when 2 in a row went well.
const (
	breakerFailures  = 5
	breakerCalls     = 10
	breakerSuccesses = 2
)

// remote is the Redis of a reader: every call passes the breaker, and looks share pipelines. It is safe for concurrent
// use.
type remote struct {
	client  redis.UniversalClient
	looks   *redis.AutoPipeliner
	breaker circuitbreaker.CircuitBreaker[any]
}

func newRemote(client redis.UniversalClient, retry time.Duration) (*remote, error) {
	looks, err := client.AutoPipeline()
	if err != nil {
		return nil, err
	}
	breaker := circuitbreaker.NewBuilder[any]().
		WithFailureThresholdRatio(breakerFailures, breakerCalls).
		WithSuccessThreshold(breakerSuccesses).
		WithDelay(retry).
		WithJitterFactor(0.1).
		Build()
	return &remote{client: client, looks: looks, breaker: breaker}, nil
}

// look returns the value of the key; ok is false where there is none. Where the key is no string, which is not of the
// cache's making, the value is empty.
func (r *remote) look(ctx context.Context, key string) (value string, ok bool, err error) {
	if !r.breaker.TryAcquirePermit() {
		return "", false, errSkipped
	}
	value, err = r.looks.Get(ctx, key).Result()
	if err == nil || redis.HasErrorPrefix(err, "WRONGTYPE") {
		r.breaker.RecordSuccess()
		return value, true, nil
	}
	return "", false, r.settle(err)
}

// do runs another call. It is not ended by the end of ctx: the client's timeouts are short, and a call that was given
// up early would say nothing of Redis.
func (r *remote) do(ctx context.Context, call func(context.Context) error) error {
	if !r.breaker.TryAcquirePermit() {
		return errSkipped
	}
	return r.settle(call(context.WithoutCancel(ctx)))
}

// settle tells the breaker how a call ended and returns its error. The absence of a value is none.
func (r *remote) settle(err error) error {
	if err == nil || errors.Is(err, redis.Nil) {
		r.breaker.RecordSuccess()
		return nil
	}
	r.breaker.RecordFailure()
	return err
}

func (r *remote) close() error { return r.looks.Close() }
