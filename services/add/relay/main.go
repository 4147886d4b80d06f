package relay

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/glarimy/ums/shared/bus/transport"
	"github.com/glarimy/ums/shared/config"
	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/httpserver"
	"github.com/glarimy/ums/shared/logging"
	"github.com/glarimy/ums/shared/schema"
	"github.com/glarimy/ums/shared/userhttp"
)

// settings are all the variables of the relay as a process of its own.
type settings struct {
	Server   httpserver.Config
	Relay    Config
	Log      logging.Config
	Database database.Config
	Bus      transport.Config
}

// Main is the relay as a process of its own, for when the add slot is filled by a program that has none. It answers
// probes and shows metrics. It is configured by environment variables alone.
func Main(ctx context.Context, _ []string, getenv func(string) string, stdout io.Writer) (err error) {
	var c settings
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
	defer func() { err = errors.Join(err, db.Close()) }()
	events, err := c.Bus.Open(transport.Dependencies{Logger: logger})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, events.Close()) }()
	registry := httpserver.NewRegistry()
	r, err := New(c.Relay, Dependencies{DB: db, Bus: events, Logger: logger, Registry: registry, Now: time.Now})
	if err != nil {
		return err
	}
	gate := schema.NewGate(db, schema.Options{Logger: logger})
	server, err := httpserver.New(c.Server, httpserver.Service{
		Name: "relay", Handler: userhttp.NewRouter(), Ready: gate.Ready, Logger: logger, Registry: registry,
		Tasks: []func(context.Context) error{r.Task(gate)},
	})
	if err != nil {
		return err
	}
	if err := server.Listen(ctx); err != nil {
		return err
	}
	return server.Serve(ctx)
}

// Task is Run once the schema has been seen, as a task of a service.
func (r *Relay) Task(gate *schema.Gate) func(context.Context) error {
	return func(ctx context.Context) error {
		if err := gate.Run(ctx); err != nil {
			return err
		}
		return r.Run(ctx)
	}
}
