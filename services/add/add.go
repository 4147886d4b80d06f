// Package add fills the add slot: it adds users, changes them and removes them. Each write is one transaction that
// holds the user's rows and the events of the change, and no read through the cache misses it once it is acknowledged.
package add

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"

	"github.com/glarimy/ums/services/add/relay"
	"github.com/glarimy/ums/shared/bus"
	"github.com/glarimy/ums/shared/httpserver"
	"github.com/glarimy/ums/shared/usercache"
	"github.com/glarimy/ums/shared/wiring"
)

// Config is what an operator can set of the service.
type Config struct {
	httpserver.Config
	Fence usercache.FenceConfig
	Relay RelayConfig
}

// RelayConfig is what can be set of the relay in this service.
type RelayConfig struct {
	relay.Config

	// Switch is "off" where a relay of its own runs beside the service, and otherwise "on", or empty.
	Switch string `env:"RELAY"`
}

// On tells whether there is a relay to run. The error says what is wrong with the switch.
func (c RelayConfig) On() (bool, error) {
	switch c.Switch {
	case "", "on":
		return true, nil
	case "off":
		return false, nil
	default:
		return false, fmt.Errorf("RELAY is %q: give on or off", c.Switch)
	}
}

// Dependencies are what the service is given. They stay the caller's to close, after Serve.
type Dependencies struct {
	wiring.Parts
	Redis redis.UniversalClient // of usercache.Open with usercache.WriteTimeout
	Bus   bus.Publisher         // where the events go; nil leaves them in the outbox, for a relay elsewhere
}

// New returns the service, to be used once: Listen, then Serve. The error says what is wrong with the configuration.
func New(c Config, d Dependencies) (*httpserver.Server, error) {
	fencer, err := usercache.NewFencer(d.Redis, c.Fence, d.Registry)
	if err != nil {
		return nil, err
	}
	keys := &keys{db: d.DB, now: d.Now}
	h := &handler{writer: newWriter(keys, fencer, c.Fence.TransactionTimeout(), d.Logger), logger: d.Logger}
	relays, err := c.Relay.On()
	if err != nil {
		return nil, err
	}
	tasks := []func(context.Context) error{d.Schema.Then(func(ctx context.Context) error {
		return keys.cleanRegularly(ctx, d.Logger)
	})}
	if relays && d.Bus != nil {
		r, err := relay.New(c.Relay.Config, relay.Dependencies{
			DB: d.DB, Bus: d.Bus, Logger: d.Logger, Registry: d.Registry, Now: d.Now,
		})
		if err != nil {
			return nil, err
		}
		tasks = append(tasks, d.Schema.Then(r.Run))
	}
	return d.NewServer(c.Config, wiring.Slot{Name: "add", OpenAPI: OpenAPI, Handler: h.router(), Tasks: tasks})
}
