package redisstream_test

import (
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/glarimy/ums/shared/bus/redisstream"
	"github.com/glarimy/ums/shared/enginetest"
)

// onEach runs a test on Redis and on the server that `ums up` has inside its process.
func onEach(t *testing.T, test func(t *testing.T, url string)) {
	t.Helper()
	t.Run("Redis", func(t *testing.T) {
		t.Parallel()
		test(t, enginetest.Redis(t).URL)
	})
	t.Run("miniredis", func(t *testing.T) {
		t.Parallel()
		test(t, "redis://"+miniredis.RunT(t).Addr())
	})
}

func open(t *testing.T, url string, o redisstream.Options) *redisstream.Bus {
	t.Helper()
	b, err := redisstream.Open(url, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return b
}

// client is a test's own way to the server.
func client(t *testing.T, url string) *redis.Client {
	t.Helper()
	options, err := redis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	c := redis.NewClient(options)
	t.Cleanup(func() { _ = c.Close() })
	return c
}
