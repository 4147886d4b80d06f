// Package system runs the whole of UMS in one process: every service on a loopback address of its own behind the
// gateway, on SQLite and a Redis inside the process where no other is named.
package system

import (
	"context"
	"errors"
	"log/slog"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/glarimy/ums/gateway"
	"github.com/glarimy/ums/gateway/reload"
	"github.com/glarimy/ums/migrations"
	"github.com/glarimy/ums/shared/bus"
	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/httpserver"
)

// server is a service or the gateway.
type server interface {
	Listen(ctx context.Context) error
	Addr() string
	Serve(ctx context.Context) error
}

// System is the running whole. Use it once: Open, Serve, Close.
type System struct {
	config    Config
	logger    *slog.Logger
	registry  *prometheus.Registry
	db        *database.DB
	url       database.URL
	redisURL  string
	embedded  *embeddedRedis // nil where REDIS_URL names another
	bus       bus.Bus        // the one of all services
	services  []server
	addresses map[string]string // of the slots, by gateway.yaml's variables
	gateway   *gateway.Service
	reloader  *reload.Reloader              // of the gateway's configuration
	tasks     []func(context.Context) error // what runs beside the services, until its context ends
	closers   []func() error                // in the order of opening
}

// Open takes the addresses and the data folder and prepares everything, without changing anything yet. What the error
// tells is for the operator. After a success the caller must call Close.
func Open(ctx context.Context, c Config, logger *slog.Logger) (_ *System, err error) {
	s := &System{config: c, logger: logger, registry: httpserver.NewRegistry()}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	for _, step := range []func(context.Context) error{
		s.openData, s.openRedis, s.openBus, s.openRelay, s.openServices, s.openGateway,
	} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Addr returns where the gateway listens.
func (s *System) Addr() string { return s.gateway.Addr() }

// Database names the database, without user and password.
func (s *System) Database() string { return s.url.String() }

// Elsewhere tells which slots other programs fill, such as "FIND_URL: http://127.0.0.1:8081".
func (s *System) Elsewhere() []string {
	var told []string
	for _, slot := range s.slots() {
		if slot.elsewhere != "" {
			told = append(told, slot.variable+": "+slot.elsewhere)
		}
	}
	return told
}

// Migrate brings the schema up to date.
func (s *System) Migrate(ctx context.Context) error {
	migrator, err := migrations.New(s.url, migrations.Options{Logger: s.quiet()})
	if err != nil {
		return err
	}
	_, err = migrator.Up(ctx, migrations.All)
	return err
}

// Serve serves until ctx ends, and loads the gateway's configuration again when its file changes, and on SIGHUP. It then
// stops from the outside in: the gateway finishes its requests while the services are still there, then the services end.
func (s *System) Serve(ctx context.Context) error {
	inner, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	services, inner := errgroup.WithContext(inner)
	for _, service := range s.services {
		services.Go(func() error { return service.Serve(inner) })
	}
	if s.embedded != nil {
		services.Go(func() error { return s.embedded.run(inner) })
	}
	for _, task := range s.tasks {
		services.Go(func() error { return task(inner) })
	}
	outer, cancel := context.WithCancel(ctx)
	defer cancel()
	defer gateway.Reloading(outer, s.reloader)()
	context.AfterFunc(inner, cancel) // a service that failed takes the whole down
	err := s.gateway.Serve(outer)
	stop()
	return errors.Join(err, services.Wait())
}

// Close gives back everything that Open took. It may be called after a failed Open too.
func (s *System) Close() error {
	var errs []error
	for _, closer := range slices.Backward(s.closers) {
		errs = append(errs, closer())
	}
	s.closers = nil
	return errors.Join(errs...)
}

func (s *System) onClose(f func() error) { s.closers = append(s.closers, f) }

func (s *System) openData(context.Context) (err error) {
	raw := s.config.DatabaseURL
	if raw == "" {
		unlock, err := lockData(s.config.Data)
		if err != nil {
			return err
		}
		s.onClose(unlock)
		raw = "sqlite://" + dataFile(s.config.Data)
	}
	if s.url, err = database.ParseURL(raw, s.config.DatabasePassword); err != nil {
		return err
	}
	if s.db, err = database.Open(s.url, database.Options{MaxConnections: s.config.MaxConnections}); err != nil {
		return err
	}
	s.onClose(s.db.Close)
	return nil
}

func (s *System) openRedis(context.Context) (err error) {
	if s.config.RedisURL == "" {
		if s.embedded, err = startRedis(); err != nil {
			return err
		}
		s.onClose(func() error { s.embedded.close(); return nil })
		s.redisURL = s.embedded.url()
		return nil
	}
	s.redisURL = s.config.RedisURL
	return nil
}

// quiet is the logger of what runs inside: the gateway's access log and the start banner tell the rest.
func (s *System) quiet() *slog.Logger {
	return slog.New(atLeast{Handler: s.logger.Handler(), level: slog.LevelWarn})
}

// atLeast drops what is below a level.
type atLeast struct {
	slog.Handler
	level slog.Level
}

func (h atLeast) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= h.level && h.Handler.Enabled(ctx, level)
}

func (h atLeast) WithAttrs(attrs []slog.Attr) slog.Handler {
	return atLeast{Handler: h.Handler.WithAttrs(attrs), level: h.level}
}

func (h atLeast) WithGroup(name string) slog.Handler {
	return atLeast{Handler: h.Handler.WithGroup(name), level: h.level}
}
