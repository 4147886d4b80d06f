package system

import (
	"context"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/glarimy/ums/gateway"
	"github.com/glarimy/ums/gateway/config"
	"github.com/glarimy/ums/gateway/tracing"
	"github.com/glarimy/ums/services/add"
	"github.com/glarimy/ums/services/find"
	"github.com/glarimy/ums/services/journal"
	"github.com/glarimy/ums/services/search"
	"github.com/glarimy/ums/shared/httpserver"
	"github.com/glarimy/ums/shared/usercache"
	"github.com/glarimy/ums/shared/wiring"
)

// slot is a place behind the gateway, and how this process fills it.
type slot struct {
	variable  string // by which gateway.yaml takes its address
	elsewhere string // the address of a filling that is not this process's
	fill      func() (server, error)
}

func (s *System) slots() []*slot {
	return []*slot{
		{variable: "FIND_URL", elsewhere: s.config.FindURL, fill: s.fillFind},
		{variable: "ADD_URL", elsewhere: s.config.AddURL, fill: s.fillAdd},
		{variable: "SEARCH_URL", elsewhere: s.config.SearchURL, fill: s.fillSearch},
		{variable: "JOURNAL_URL", elsewhere: s.config.JournalURL, fill: s.fillJournal},
	}
}

// openServices fills each slot that nobody else fills, on a loopback address of its own.
func (s *System) openServices(ctx context.Context) error {
	s.addresses = map[string]string{}
	for _, slot := range s.slots() {
		s.addresses[slot.variable] = slot.elsewhere
		if slot.elsewhere != "" {
			continue
		}
		service, err := slot.fill()
		if err != nil {
			return err
		}
		if err := service.Listen(ctx); err != nil {
			return err
		}
		s.services = append(s.services, service)
		s.addresses[slot.variable] = "http://" + service.Addr()
	}
	return nil
}

// inside is the server's configuration of a service that only this process's gateway calls.
func (s *System) inside() httpserver.Config {
	c := s.config.Server
	c.Addr, c.AdminAddr = "127.0.0.1:0", "off"
	c.AccessLog = "off" // the gateway's tells of every request already
	c.ShutdownDelay = 0 // the gateway waits for everybody
	return c
}

// parts are what each service is given, with a gate of its own.
func (s *System) parts() wiring.Parts { return wiring.NewParts(s.db, s.quiet(), s.registry) }

func (s *System) fillFind() (server, error) {
	client, err := s.client(usercache.ReadTimeout)
	if err != nil {
		return nil, err
	}
	return find.New(find.Config{Config: s.inside(), Cache: s.config.Cache, Reads: s.config.Reads},
		find.Dependencies{Parts: s.parts(), Redis: client, Bus: s.bus})
}

func (s *System) fillAdd() (server, error) {
	client, err := s.client(usercache.WriteTimeout)
	if err != nil {
		return nil, err
	}
	return add.New(add.Config{Config: s.inside(), Fence: s.config.Fence, Relay: s.config.Relay},
		add.Dependencies{Parts: s.parts(), Redis: client, Bus: s.bus})
}

func (s *System) fillSearch() (server, error) {
	pages := s.config.Pages
	if err := s.keyFor(&pages.CursorKeys); err != nil {
		return nil, err
	}
	return search.New(search.Config{Config: s.inside(), Pages: pages, Reads: s.config.Reads},
		search.Dependencies{Parts: s.parts(), Bus: s.bus})
}

func (s *System) fillJournal() (server, error) {
	settings := s.config.Journal
	if err := s.keyFor(&settings.CursorKeys); err != nil {
		return nil, err
	}
	return journal.New(journal.Config{Config: s.inside(), Journal: settings},
		journal.Dependencies{Parts: s.parts(), Bus: s.bus})
}

// keyFor fills in the cursors' keys where CURSOR_KEYS names none.
func (s *System) keyFor(keys *string) (err error) {
	if *keys == "" {
		*keys, err = cursorKey(s.config.Data)
	}
	return err
}

func (s *System) client(timeout time.Duration) (redis.UniversalClient, error) {
	client, err := usercache.Open(s.redisURL, timeout)
	if err != nil {
		return nil, err
	}
	s.onClose(client.Close)
	return client, nil
}

func (s *System) openGateway(ctx context.Context) error {
	service := func() *gateway.Service { return s.gateway }
	reloader, err := gateway.NewReloader(s.config.GatewayConfig, s.routes, service, s.logger, s.registry)
	if err != nil {
		return err
	}
	s.reloader = reloader
	routes, err := s.routes()
	if err != nil {
		return err
	}
	tracer, err := tracing.New(ctx, s.config.Getenv)
	if err != nil {
		return err
	}
	s.gateway, err = gateway.New(s.config.Server, gateway.Dependencies{
		Routes: routes, Logger: s.logger, Registry: s.registry, TLS: s.config.TLS, Tracer: tracer,
	})
	if err != nil {
		return err
	}
	return s.gateway.Listen(ctx)
}

// routes reads the gateway's configuration, in which this process's services have their addresses.
func (s *System) routes() (config.Config, error) {
	return gateway.LoadConfig(s.config.GatewayConfig, func(variable string) string {
		if _, ours := s.addresses[strings.TrimSuffix(variable, "_FILE")]; ours {
			return s.addresses[variable]
		}
		return s.config.Getenv(variable)
	})
}
