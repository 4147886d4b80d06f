package ratelimit

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// keyPrefix begins the key of every bucket in Redis. The rest is the policy's name, a colon and whose bucket it is.
const keyPrefix = "ums:rate:v1:"

// timeout bounds each stage of a call to Redis: waiting for a connection, dialling, writing, reading.
const timeout = 30 * time.Millisecond

// takeScript is local.take by the server's clock. A number of Lua is exact up to 2^53 microseconds, the year 2255.
const takeScript = `
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local interval, capacity = tonumber(ARGV[1]), tonumber(ARGV[2])
local fullAt = tonumber(redis.call('GET', KEYS[1]) or now) or now
fullAt = math.min(math.max(fullAt, now), now + capacity)
local following = fullAt + interval
if following - capacity > now then
  return {0, fullAt - now}
end
redis.call('SET', KEYS[1], string.format('%.0f', following), 'PX', math.ceil((following - now) / 1000))
return {1, following - now}`

// The breaker opens when 5 of the last 10 calls failed, lets one through every second, and closes when 2 went well.
const (
	breakerFailures  = 5
	breakerCalls     = 10
	breakerSuccesses = 2
	breakerDelay     = time.Second
)

// errSkipped says that the breaker is open: Redis was not asked.
var errSkipped = errors.New("redis is skipped after too many failures")

// shared is the buckets in Redis. It is safe for concurrent use.
type shared struct {
	client  redis.UniversalClient
	script  *redis.Script
	breaker circuitbreaker.CircuitBreaker[any]
}

func newShared(client redis.UniversalClient, onState func(open bool)) *shared {
	breaker := circuitbreaker.NewBuilder[any]().
		WithFailureThresholdRatio(breakerFailures, breakerCalls).
		WithSuccessThreshold(breakerSuccesses).
		WithDelay(breakerDelay).
		WithJitterFactor(0.1).
		OnOpen(func(circuitbreaker.StateChangedEvent) { onState(true) }).
		OnClose(func(circuitbreaker.StateChangedEvent) { onState(false) }).
		Build()
	return &shared{client: client, script: redis.NewScript(takeScript), breaker: breaker}
}

// take asks Redis. It is not ended by the end of ctx: the client's timeouts are short, and a call that was given up early
// would say nothing of Redis.
func (s *shared) take(ctx context.Context, p Policy, key string) (allowed bool, level int64, err error) {
	if !s.breaker.TryAcquirePermit() {
		return false, 0, errSkipped
	}
	answer, err := s.script.Run(context.WithoutCancel(ctx), s.client,
		[]string{keyPrefix + p.name + ":" + key}, p.interval, p.capacity()).Int64Slice()
	if err == nil && len(answer) != 2 {
		err = fmt.Errorf("the script of the rate limits answered %d numbers, not 2", len(answer))
	}
	if err != nil {
		s.breaker.RecordFailure()
		return false, 0, err
	}
	s.breaker.RecordSuccess()
	return answer[0] == 1, answer[1], nil
}

// Open returns a client for the Redis server or cluster that rawURL names; it does not connect. The forms are those of
// REDIS_URL. Each stage of a call takes at most 30 ms, whatever the URL says. No error holds the URL or its password.
func Open(rawURL string) (redis.UniversalClient, error) {
	server, cluster, err := parseURL(rawURL)
	if err != nil {
		return nil, err
	}
	noMaintenance := &maintnotifications.Config{Mode: maintnotifications.ModeDisabled} // it stretches the timeouts
	if cluster != nil {
		cluster.DialTimeout, cluster.PoolTimeout = timeout, timeout
		cluster.ReadTimeout, cluster.WriteTimeout = timeout, timeout
		cluster.MaxRetries, cluster.MaxRedirects, cluster.DialerRetries = -1, 2, 1
		cluster.MaintNotificationsConfig, cluster.DisableIdentity = noMaintenance, true
		cluster.ReadOnly, cluster.RouteByLatency, cluster.RouteRandomly = false, false, false
		return redis.NewClusterClient(cluster), nil
	}
	server.DialTimeout, server.PoolTimeout = timeout, timeout
	server.ReadTimeout, server.WriteTimeout = timeout, timeout
	server.MaxRetries, server.DialerRetries = -1, 1
	server.MaintNotificationsConfig, server.DisableIdentity = noMaintenance, true
	return redis.NewClient(server), nil
}

// CheckURL returns the error that Open would.
func CheckURL(rawURL string) error {
	_, _, err := parseURL(rawURL)
	return err
}

// parseURL returns the options of a server or those of a cluster.
func parseURL(rawURL string) (server *redis.Options, cluster *redis.ClusterOptions, err error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, nil, errors.New("the URL of the rate limits' Redis is not a URL")
	}
	if u.Query().Has("addr") {
		cluster, err = redis.ParseClusterURL(rawURL)
	} else {
		server, err = redis.ParseURL(rawURL)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("the URL of the rate limits' Redis: %w", withoutURL(err))
	}
	return server, cluster, nil
}

// withoutURL strips an error of the URL that could not be parsed, and with it of its password.
func withoutURL(err error) error {
	if parse, ok := errors.AsType[*url.Error](err); ok {
		return parse.Err
	}
	return err
}
