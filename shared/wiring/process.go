package wiring

import (
	"context"
	"errors"
	"io"
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/glarimy/ums/shared/bus"
	"github.com/glarimy/ums/shared/bus/transport"
	"github.com/glarimy/ums/shared/config"
	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/httpserver"
	"github.com/glarimy/ums/shared/logging"
)

// settings are all the variables of a service as a process of its own: its own ones and those of every service.
type settings[C any] struct {
	Own      C
	Log      logging.Config
	Database database.Config
	Events   transport.Config
}

// Server is a service that is ready to take its addresses and then to serve.
type Server interface {
	Listen(ctx context.Context) error
	Serve(ctx context.Context) error
}

// Process is what a process has for the one service that it runs.
type Process struct {
	Parts
	events  transport.Config
	closers []func() error // in the order of opening
}

// Run reads the configuration C of a service, and what all services have, from environment variables, makes the service
// and serves until ctx ends. Log lines go to stdout. What was opened is closed in any case, after the service has ended.
func Run[C any](
	ctx context.Context, getenv func(string) string, stdout io.Writer, build func(c C, p *Process) (Server, error),
) (err error) {
	var c settings[C]
	if err := config.Load(&c, getenv); err != nil {
		return err
	}
	logger, err := logging.New(stdout, c.Log)
	if err != nil {
		return err
	}
	db, err := c.Database.Open()
	if err != nil {
		return err
	}
	p := &Process{Parts: NewParts(db, logger, httpserver.NewRegistry()), events: c.Events}
	p.OnClose(db.Close)
	defer func() { err = errors.Join(err, p.close()) }()
	server, err := build(c.Own, p)
	if err != nil {
		return err
	}
	if err := server.Listen(ctx); err != nil {
		return err
	}
	return server.Serve(ctx)
}

// OnClose has something closed when the service has ended, before what was opened earlier.
func (p *Process) OnClose(closer func() error) { p.closers = append(p.closers, closer) }

func (p *Process) close() error {
	var errs []error
	for _, closer := range slices.Backward(p.closers) {
		errs = append(errs, closer())
	}
	return errors.Join(errs...)
}

// HasBus tells whether EVENTS_URL is set.
func (p *Process) HasBus() bool { return p.events.URL != "" }

// OpenBus opens the bus that EVENTS_URL names, until the service ends. The metrics of consumers go to a registry; a service
// that only publishes has none, and gives nil. The error says what is wrong with the configuration of the bus.
func (p *Process) OpenBus(ofConsumers prometheus.Registerer) (bus.Bus, error) {
	b, err := p.events.Open(transport.Dependencies{Logger: p.Logger, Registry: ofConsumers})
	if err != nil {
		return nil, err
	}
	p.OnClose(b.Close)
	return b, nil
}

// OpenBusIfSet is OpenBus for a service that works without a bus too: without EVENTS_URL it says so in the log and
// returns nil.
func (p *Process) OpenBusIfSet(ofConsumers prometheus.Registerer) (bus.Bus, error) {
	if !p.HasBus() {
		p.Logger.Info("no EVENTS_URL: events are neither consumed nor published")
		return nil, nil //nolint:nilnil // no bus is not a bus that fails
	}
	return p.OpenBus(ofConsumers)
}
