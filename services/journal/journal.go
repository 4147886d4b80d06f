// Package journal holds the place of the journal slot: GET /journal…: the complete record of what happened, in order.
// Its routes exist and answer that they are not implemented.
package journal

import (
	"context"
	"io"
	"log/slog"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/glarimy/ums/shared/config"
	"github.com/glarimy/ums/shared/httpserver"
	"github.com/glarimy/ums/shared/logging"
	"github.com/glarimy/ums/shared/userhttp"
)

// Config is what an operator can set of the service.
type Config struct {
	httpserver.Config
}

// Dependencies are what the service is given. All of them are required.
type Dependencies struct {
	Logger   *slog.Logger
	Registry *prometheus.Registry
}

// New returns the service, to be used once: Listen, then Serve. The error says what is wrong with the configuration.
func New(c Config, d Dependencies) (*httpserver.Server, error) {
	router := userhttp.NewRouter()
	unbuilt := userhttp.NotImplemented("journal")
	router.Handle("/journal", unbuilt).Methods(http.MethodGet, http.MethodHead)
	router.Handle("/journal/stream", unbuilt).Methods(http.MethodGet, http.MethodHead)
	router.Handle("/journal/{id}", unbuilt).Methods(http.MethodGet, http.MethodHead)
	return httpserver.New(c.Config, httpserver.Service{
		Name:     "journal",
		Handler:  router,
		Ready:    func() error { return nil },
		Logger:   d.Logger,
		Registry: d.Registry,
	})
}

// settings are all the variables of the service as a process of its own.
type settings struct {
	Config
	Log logging.Config
}

// Main is the service as a process of its own. It is configured by environment variables alone.
func Main(ctx context.Context, _ []string, getenv func(string) string, stdout io.Writer) error {
	var c settings
	if err := config.Load(&c, getenv); err != nil {
		return err
	}
	logger, err := logging.New(stdout, c.Log)
	if err != nil {
		return err
	}
	service, err := New(c.Config, Dependencies{Logger: logger, Registry: httpserver.NewRegistry()})
	if err != nil {
		return err
	}
	if err := service.Listen(ctx); err != nil {
		return err
	}
	return service.Serve(ctx)
}
