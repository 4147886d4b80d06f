package gateway

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/glarimy/ums/gateway/config"
	"github.com/glarimy/ums/gateway/reload"
)

// NewReloader returns what has a service load its configuration and its API keys again. file is watched; empty for the one
// that is built in. Make it before the first load, so that nothing that changes is missed; the service is asked for when
// something has. The error is that of a metric which the registerer refuses.
func NewReloader(
	file string, load func() (config.Config, error), service func() *Service,
	logger *slog.Logger, registerer prometheus.Registerer,
) (*reload.Reloader, error) {
	return reload.New(reload.Options[config.Config]{
		Path:   file,
		Load:   load,
		Apply:  func(c config.Config) error { return service().Apply(c) },
		Hooks:  []reload.Hook{{Name: "API keys", Reload: func() error { return service().ReloadKeys() }}},
		Logger: logger, Registerer: registerer, Now: time.Now,
	})
}

// Reloading has a reloader reload when files change, and on SIGHUP, until ctx ends or the function that it returns is called.
func Reloading(ctx context.Context, r *reload.Reloader) (stop func()) {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		r.Run(ctx, hangup)
	}()
	return func() {
		cancel()
		<-ended
		signal.Stop(hangup)
	}
}
