// Package find fills the find slot: GET /user/{name}, answered from a read-through cache that never lies (see
// shared/usercache) in front of the database.
package find

import (
	"context"
	"errors"

	"github.com/redis/go-redis/v9"

	"github.com/glarimy/ums/shared/bus"
	"github.com/glarimy/ums/shared/event"
	"github.com/glarimy/ums/shared/httpserver"
	"github.com/glarimy/ums/shared/readevents"
	"github.com/glarimy/ums/shared/usercache"
	"github.com/glarimy/ums/shared/userdb"
	"github.com/glarimy/ums/shared/wiring"
)

// Config is what an operator can set of the service.
type Config struct {
	httpserver.Config
	Cache usercache.Config
	Reads readevents.Config
}

// Dependencies are what the service is given. They stay the caller's to close, after Serve.
type Dependencies struct {
	wiring.Parts
	Redis redis.UniversalClient // of usercache.Open with usercache.ReadTimeout
	Bus   bus.Bus               // nil is none: what other programs write is then seen after usercache.Config.TTL
}

// Service is the running find slot. Use it once: Listen, then Serve.
type Service struct {
	*httpserver.Server
	cache *usercache.Cache
}

// New returns the service. The error says what is wrong with the configuration.
func New(c Config, d Dependencies) (*Service, error) {
	cache, err := usercache.New(d.Redis, userdb.New(d.DB, d.DB.Dialect), c.Cache, d.Registry)
	if err != nil {
		return nil, err
	}
	server, err := newServer(c, d, cache)
	if err != nil {
		return nil, errors.Join(err, cache.Close())
	}
	return &Service{Server: server, cache: cache}, nil
}

func newServer(c Config, d Dependencies, cache *usercache.Cache) (*httpserver.Server, error) {
	reads, err := readevents.New(c.Reads, "find", event.SourceFind, readevents.Dependencies{
		Bus: d.Bus, Logger: d.Logger, Registry: d.Registry,
	})
	if err != nil {
		return nil, err
	}
	tasks := []func(context.Context) error{reads.Run}
	if d.Bus != nil {
		tasks = append(tasks, invalidation{cache: cache, bus: d.Bus}.run)
	}
	return d.NewServer(c.Config, wiring.Slot{
		Name: "find", OpenAPI: OpenAPI, Handler: newHandler(cache, reads, d.Logger), Tasks: tasks,
	})
}

// Serve serves until ctx ends and then stops without losing a request, nor the loads that requests left behind.
func (s *Service) Serve(ctx context.Context) error {
	return errors.Join(s.Server.Serve(ctx), s.cache.Close())
}
