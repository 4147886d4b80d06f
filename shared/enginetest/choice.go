package enginetest

import (
	"context"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/glarimy/ums/shared/enginetest/internal/engine"
)

// startWait bounds the start of a server from all sources together: an image may have to be pulled or a package to be
// installed first. It is less than the time go test gives a package, so that the reasons are told.
const startWait = 8 * time.Minute

// process is what the tests of this process share: the choice of each kind of server, made once, and the MySQL server
// and the Kafka broker in which each test gets a database or a topic of its own.
var process = sync.OnceValue(func() *engines {
	host := engine.NewHost(os.Stderr)
	return &engines{
		mysql:        choice{host: host, sources: host.MySQLSources()},
		privateMySQL: choice{host: host, sources: host.PrivateMySQLSources()},
		redis:        choice{host: host, sources: host.RedisSources()},
		kafka:        choice{host: host, sources: host.KafkaSources()},
		privateKafka: choice{host: host, sources: host.PrivateKafkaSources()},
	}
})

type engines struct {
	mysql, privateMySQL, redis, kafka, privateKafka choice

	mu                       sync.Mutex
	sharedMySQL, sharedKafka *engine.Server
}

// choice remembers which source works, so that the others are asked once only.
type choice struct {
	host *engine.Host

	mu      sync.Mutex
	sources []engine.Source // only the chosen one once made
	made    bool
	err     error // why there is none
}

// start gives a server of the chosen source.
func (c *choice) start(ctx context.Context) (*engine.Server, error) {
	server, err := c.choose(ctx)
	if server != nil || err != nil {
		return server, err
	}
	server, _, err = engine.First(ctx, c.sources, nil)
	return server, err
}

// choose makes the choice and gives the server it was made with, or neither that nor an error if it had been made.
func (c *choice) choose(ctx context.Context) (*engine.Server, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.made {
		return nil, c.err
	}
	server, source, err := c.host.Choose(ctx, c.sources)
	c.made, c.err = true, err
	if err == nil {
		c.sources = []engine.Source{source}
	}
	return server, err
}

// start gives tb a server, or ends it with the reasons why there is none.
func start(tb testing.TB, kind string, c *choice) *engine.Server {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(tb.Context()), startWait)
	defer cancel()
	server, err := c.start(ctx)
	if err == nil {
		return server
	}
	if os.Getenv("REQUIRE_ENGINES") == "1" {
		tb.Fatalf("REQUIRE_ENGINES=1 and there is no %s: %v", kind, err)
	}
	tb.Skipf("there is no %s: %v", kind, err)
	return nil
}

// startOptional gives tb a server that not every machine can run: without one tb is skipped with the reasons, whatever
// REQUIRE_ENGINES says.
func startOptional(tb testing.TB, kind string, c *choice) *engine.Server {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(tb.Context()), startWait)
	defer cancel()
	server, err := c.start(ctx)
	if err != nil {
		tb.Skipf("there is no %s: %v", kind, err)
	}
	return server
}
