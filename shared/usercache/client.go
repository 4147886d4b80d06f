package usercache

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// How long one call to Redis may take at each of its stages (waiting for a connection, dialling, writing, reading).
const (
	// ReadTimeout is for the client of a [Cache]: with Redis gone, a reader is on its way to the database after tens
	// of milliseconds.
	ReadTimeout = 30 * time.Millisecond

	// WriteTimeout is for the client of a [Fencer]: a fence is worth waiting for, but the row is locked meanwhile.
	WriteTimeout = 200 * time.Millisecond
)

// clusterRedirects suffices for a slot that is moving (MOVED, then ASK). It also bounds how often a failed GET is tried
// on another node.
const clusterRedirects = 2

// Open returns a client of the Redis server or cluster that rawURL names; it does not connect. The forms are those of
// go-redis: redis://, rediss:// and unix:// for a server; with at least one addr parameter it is a cluster
// (redis://host:6379?addr=host2:6379). Each stage of a call takes at most timeout, whatever the URL says.
//
// Options that let reads go elsewhere than to a primary are refused: a replica answers with what is no longer there.
// No error holds the URL or its password.
func Open(rawURL string, timeout time.Duration) (redis.UniversalClient, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, fmt.Errorf("REDIS_URL is not a URL: %w", withoutURL(err))
	}
	query := u.Query()
	for option := range query {
		if option == "read_only" || strings.HasPrefix(option, "route_") {
			return nil, fmt.Errorf("REDIS_URL has the option %s, which sends reads to replicas: remove it, "+
				"the cache reads from primaries only", option)
		}
	}
	if query.Has("addr") {
		return openCluster(rawURL, timeout)
	}
	return openServer(rawURL, timeout)
}

func openServer(rawURL string, timeout time.Duration) (redis.UniversalClient, error) {
	options, err := redis.ParseURL(rawURL)
	if err != nil {
		return nil, fmt.Errorf("REDIS_URL: %w", withoutURL(err))
	}
	options.DialTimeout, options.PoolTimeout = timeout, timeout
	options.ReadTimeout, options.WriteTimeout = timeout, timeout
	options.MaxRetries, options.DialerRetries = -1, 1
	options.MaintNotificationsConfig = noMaintenance()
	options.DisableIdentity = true
	return redis.NewClient(options), nil
}

func openCluster(rawURL string, timeout time.Duration) (redis.UniversalClient, error) {
	options, err := redis.ParseClusterURL(rawURL)
	if err != nil {
		return nil, fmt.Errorf("REDIS_URL: %w", withoutURL(err))
	}
	options.DialTimeout, options.PoolTimeout = timeout, timeout
	options.ReadTimeout, options.WriteTimeout = timeout, timeout
	options.MaxRetries, options.MaxRedirects, options.DialerRetries = -1, clusterRedirects, 1
	options.MaintNotificationsConfig = noMaintenance()
	options.DisableIdentity = true
	return redis.NewClusterClient(options), nil
}

// noMaintenance turns off a feature of managed servers that stretches the timeouts.
func noMaintenance() *maintnotifications.Config {
	return &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
}

// withoutURL strips an error of the URL that could not be parsed, and with it of its password.
func withoutURL(err error) error {
	if parse, ok := errors.AsType[*url.Error](err); ok {
		return parse.Err
	}
	return err
}
