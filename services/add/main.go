package add

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	"github.com/glarimy/ums/shared/bus"
	"github.com/glarimy/ums/shared/bus/transport"
	"github.com/glarimy/ums/shared/config"
	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/httpserver"
	"github.com/glarimy/ums/shared/logging"
	"github.com/glarimy/ums/shared/schema"
	"github.com/glarimy/ums/shared/usercache"
)

// settings are all the variables of the service as a process of its own.
type settings struct {
	Config
	Log      logging.Config
	Database database.Config
	Redis    usercache.RedisConfig
	Events   transport.Config
}

// Main is the service as a process of its own. It is configured by environment variables alone.
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
	client, err := c.Redis.Open(usercache.WriteTimeout)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, client.Close()) }()
	events, err := openBus(ctx, c, logger)
	if err != nil {
		return err
	}
	if events != nil {
		defer func() { err = errors.Join(err, events.Close()) }()
	}
	service, err := New(c.Config, Dependencies{
		DB: db, Redis: client, Bus: events, Schema: schema.NewGate(db, schema.Options{Logger: logger}),
		Logger: logger, Registry: httpserver.NewRegistry(), Now: time.Now,
	})
	if err != nil {
		return err
	}
	if err := service.Listen(ctx); err != nil {
		return err
	}
	return service.Serve(ctx)
}

// openBus returns nil where there is none to be opened.
func openBus(ctx context.Context, c settings, logger *slog.Logger) (bus.Bus, error) {
	on, err := c.Relay.On()
	switch {
	case err != nil:
		return nil, err
	case !on:
		logger.InfoContext(ctx, "RELAY is off: events wait in the outbox for a relay elsewhere")
		return nil, nil
	case c.Events.URL == "":
		logger.WarnContext(ctx, "EVENTS_URL is not set: events wait in the outbox for a relay elsewhere; "+
			"where there is one, RELAY=off says so")
		return nil, nil
	}
	return c.Events.Open(transport.Dependencies{Logger: logger})
}
