package add

import (
	"context"
	"io"

	"github.com/glarimy/ums/shared/bus"
	"github.com/glarimy/ums/shared/usercache"
	"github.com/glarimy/ums/shared/wiring"
)

// settings are the variables of the service as a process of its own, beside those that every service has.
type settings struct {
	Config
	Redis usercache.RedisConfig
}

// Main is the service as a process of its own. It is configured by environment variables alone.
func Main(ctx context.Context, _ []string, getenv func(string) string, stdout io.Writer) error {
	return wiring.Run(ctx, getenv, stdout, func(c settings, p *wiring.Process) (wiring.Server, error) {
		client, err := c.Redis.Open(usercache.WriteTimeout)
		if err != nil {
			return nil, err
		}
		p.OnClose(client.Close)
		events, err := openBus(c.Relay, p)
		if err != nil {
			return nil, err
		}
		return New(c.Config, Dependencies{Parts: p.Parts, Redis: client, Bus: events})
	})
}

// openBus returns nil where there is none to be opened.
func openBus(c RelayConfig, p *wiring.Process) (bus.Bus, error) {
	on, err := c.On()
	switch {
	case err != nil:
		return nil, err
	case !on:
		p.Logger.Info("RELAY is off: events wait in the outbox for a relay elsewhere")
		return nil, nil
	case !p.HasBus():
		p.Logger.Warn("EVENTS_URL is not set: events wait in the outbox for a relay elsewhere; " +
			"where there is one, RELAY=off says so")
		return nil, nil
	}
	return p.OpenBus(nil)
}
