package relay

import (
	"context"
	"io"

	"github.com/glarimy/ums/shared/httpserver"
	"github.com/glarimy/ums/shared/userhttp"
	"github.com/glarimy/ums/shared/wiring"
)

// settings are the variables of the relay as a process of its own, beside those that every service has.
type settings struct {
	Server httpserver.Config
	Relay  Config
}

// Main is the relay as a process of its own, for when the add slot is filled by a program that has none. It answers
// probes and shows metrics. It is configured by environment variables alone.
func Main(ctx context.Context, _ []string, getenv func(string) string, stdout io.Writer) error {
	return wiring.Run(ctx, getenv, stdout, func(c settings, p *wiring.Process) (wiring.Server, error) {
		events, err := p.OpenBus(nil)
		if err != nil {
			return nil, err
		}
		r, err := New(c.Relay, Dependencies{DB: p.DB, Bus: events, Logger: p.Logger, Registry: p.Registry, Now: p.Now})
		if err != nil {
			return nil, err
		}
		return httpserver.New(c.Server, httpserver.Service{
			Name: "relay", Handler: userhttp.NewRouter(), Ready: p.Schema.Ready, Logger: p.Logger, Registry: p.Registry,
			Tasks: []func(context.Context) error{p.Schema.Then(r.Run)},
		})
	})
}
