package journal

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
)

// settings are all the variables of the service as a process of its own.
type settings struct {
	Config
	Log      logging.Config
	Database database.Config
	Bus      transport.Config
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
	registry := httpserver.NewRegistry()
	events, err := c.Bus.OpenIfSet(transport.Dependencies{Logger: logger, Registry: registry})
	if err != nil {
		return err
	}
	if events != nil {
		defer func() { err = errors.Join(err, events.Close()) }()
	}
	service, err := New(c.Config, Dependencies{
		DB: db, Bus: events, Schema: schema.NewGate(db, schema.Options{Logger: logger}),
		Logger: logger, Registry: registry, Now: time.Now,
	})
	if err != nil {
		return err
	}
	if err := service.Listen(ctx); err != nil {
		return err
	}
	return service.Serve(ctx)
}
