package usercache_test

import (
	"context"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/glarimy/ums/shared/user"
	"github.com/glarimy/ums/shared/usercache"
)

// stage is where interleavings are forced upon the code: two processes with a cache each, and writers, over one Redis
// and one database.
type stage struct {
	redis  redis.UniversalClient // the test's own
	table  *table
	caches [2]*usercache.Cache
	fencer *usercache.Fencer
	plays  int
}

func newStage(t *testing.T, redisURL string, table *table) *stage {
	t.Helper()
	s := &stage{redis: open(t, redisURL), table: table}
	config := usercache.Config{LeaseWait: time.Microsecond, LoadTimeout: time.Minute}
	for i := range s.caches {
		c, err := usercache.New(open(t, redisURL), faultySource{table}, config, prometheus.NewRegistry())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		c.Trace(hold)
		c.SetLooks(looks)
		s.caches[i] = c
	}
	client := open(t, redisURL)
	client.AddHook(faultyRedis{})
	fencer, err := usercache.NewFencer(client, usercache.FenceConfig{FenceTime: time.Minute}, prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	fencer.Trace(hold)
	s.fencer = fencer
	return s
}

// open returns a client that waits as long as a busy machine may need.
func open(t testing.TB, redisURL string) redis.UniversalClient {
	t.Helper()
	client, err := usercache.Open(redisURL, 20*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// faultySource fails the loads that are told to.
type faultySource struct{ *table }

func (s faultySource) Find(ctx context.Context, name user.Name) (user.User, error) {
	if doing(ctx) == moveFail {
		return user.User{}, errInjected
	}
	return s.table.Find(ctx, name)
}

// faultyRedis keeps the commands back that a writer is told to lose.
type faultyRedis struct{}

func (faultyRedis) DialHook(next redis.DialHook) redis.DialHook { return next }

func (faultyRedis) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (faultyRedis) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		switch doing(ctx) {
		case moveFenceLate:
			actorOf(ctx).late = cmd.Args()
			cmd.SetErr(errInjected)
			return errInjected
		case moveUnreleased:
			cmd.SetErr(errInjected)
			return errInjected
		}
		return next(ctx, cmd)
	}
}
