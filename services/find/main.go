package find

import (
	"context"
	"io"

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
		client, err := c.Redis.Open(usercache.ReadTimeout)
		if err != nil {
			return nil, err
		}
		p.OnClose(client.Close)
		events, err := p.OpenBusIfSet(p.Registry)
		if err != nil {
			return nil, err
		}
		return New(c.Config, Dependencies{Parts: p.Parts, Redis: client, Bus: events})
	})
}
