package search

import (
	"context"
	"io"

	"github.com/glarimy/ums/shared/wiring"
)

// Main is the service as a process of its own. It is configured by environment variables alone.
func Main(ctx context.Context, _ []string, getenv func(string) string, stdout io.Writer) error {
	return wiring.Run(ctx, getenv, stdout, func(c Config, p *wiring.Process) (wiring.Server, error) {
		events, err := p.OpenBusIfSet(nil)
		if err != nil {
			return nil, err
		}
		return New(c, Dependencies{Parts: p.Parts, Bus: events})
	})
}
