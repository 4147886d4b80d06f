package system

import (
	"context"
	"fmt"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/glarimy/ums/services/add/relay"
	"github.com/glarimy/ums/shared/bus/redisstream"
	"github.com/glarimy/ums/shared/bus/transport"
)

// maxBusEntries bounds the memory of the bus in this process: an entry takes about 2 kB of it. A consumer that is behind
// by more loses events, as all do when the process ends: the journal then takes them from the outbox, and what find has
// not deleted from the cache is gone after CACHE_TTL.
const maxBusEntries = 20_000

// busRetention is how long the bus in this process keeps what all have done. Its groups are there from the start, and
// the fewer entries it has, the cheaper it is for it to remove some.
const busRetention = 10 * time.Second

// embeddedBus is a Redis server inside this process for the events alone, apart from the cache, which drops keys.
type embeddedBus struct {
	server *miniredis.Miniredis
	client *redis.Client
}

func startBus() (*embeddedBus, error) {
	server := miniredis.NewMiniRedis()
	if err := server.StartAddr("127.0.0.1:0"); err != nil {
		return nil, fmt.Errorf("start the event bus in this process: %w", err)
	}
	return &embeddedBus{server: server, client: redis.NewClient(&redis.Options{Addr: server.Addr()})}, nil
}

func (e *embeddedBus) url() string { return "redis://" + e.server.Addr() }

func (e *embeddedBus) close() error {
	err := e.client.Close()
	e.server.Close()
	return err
}

// run bounds the streams each second until ctx ends.
func (e *embeddedBus) run(ctx context.Context) error {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			_ = e.trim(ctx) // the next tick tries again
		}
	}
}

// trim drops the oldest entries beyond the bound. The server's clock, by which it tells how long an entry has been with
// a consumer, is the system's.
func (e *embeddedBus) trim(ctx context.Context) error {
	_, err := e.client.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		pipe.XTrimMaxLen(ctx, redisstream.Stream, maxBusEntries)
		pipe.XTrimMaxLen(ctx, redisstream.DeadLetters, maxBusEntries)
		return nil
	})
	return err
}

// openBus opens the one bus of all services: that of EVENTS_URL, or one in this process.
func (s *System) openBus(context.Context) (err error) {
	c := s.config.Bus
	if c.URL == "" {
		embedded, err := startBus()
		if err != nil {
			return err
		}
		s.onClose(embedded.close)
		s.tasks = append(s.tasks, embedded.run)
		c = transport.Config{URL: embedded.url(), Retention: busRetention, MaxLength: maxBusEntries}
	}
	s.bus, err = c.Open(transport.Dependencies{Logger: s.quiet(), Registry: s.registry})
	if err != nil {
		return err
	}
	s.onClose(s.bus.Close)
	return nil
}

// openRelay makes a relay where the add slot is filled by a program elsewhere, which may have none, and cannot reach a bus
// in this process. Where it has one, the two elect a leader; RELAY=off leaves it to the other alone.
func (s *System) openRelay(context.Context) error {
	on, err := s.config.Relay.On()
	if err != nil || !on || s.config.AddURL == "" {
		return err
	}
	p := s.parts()
	r, err := relay.New(s.config.Relay.Config, relay.Dependencies{
		DB: p.DB, Bus: s.bus, Logger: p.Logger, Registry: p.Registry, Now: p.Now,
	})
	if err != nil {
		return err
	}
	task := p.Schema.Then(r.Run)
	s.tasks = append(s.tasks, func(ctx context.Context) error {
		if err := task(ctx); ctx.Err() == nil {
			return err
		}
		return nil
	})
	return nil
}
