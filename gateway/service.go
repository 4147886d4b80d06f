package gateway

import (
	"context"
	_ "embed" // for the built-in configuration
	"fmt"
	"log/slog"
	"os"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/glarimy/ums/gateway/config"
	environment "github.com/glarimy/ums/shared/config"
	"github.com/glarimy/ums/shared/httpserver"
)

//go:embed gateway.yaml
var builtIn string

// LoadConfig reads a configuration file; without a name, the gateway.yaml that is built in. The variables that it names
// are looked up in the environment. What is wrong with the file is a config.Errors.
func LoadConfig(file string, getenv func(string) string) (config.Config, error) {
	name, data := "built-in gateway.yaml", []byte(builtIn)
	if file != "" {
		var err error
		if data, err = os.ReadFile(file); err != nil {
			return config.Config{}, fmt.Errorf("read the gateway's configuration: %w", err)
		}
		name = file
	}
	return config.Load(name, data, lookup(getenv))
}

// lookup returns how the variables that a configuration names are looked up.
func lookup(getenv func(string) string) config.Lookup {
	return func(variable string) (string, error) { return environment.Lookup(variable, getenv) }
}

// Dependencies are what the service is given. All of them are required.
type Dependencies struct {
	Routes   config.Config
	Logger   *slog.Logger
	Registry *prometheus.Registry
}

// Service is the running gateway. Use it once: Listen, then Serve.
type Service struct {
	*httpserver.Server
	live *live
}

// New returns the service. The error says what is wrong with the configuration.
func New(c httpserver.Config, d Dependencies) (*Service, error) {
	l, err := newLive(d)
	if err != nil {
		return nil, err
	}
	server, err := httpserver.New(c, httpserver.Service{
		Name: "gateway", Handler: l, Ready: l.Ready, Logger: d.Logger, Registry: d.Registry,
		Edge: true, EndStreams: l.EndStreams,
	})
	if err != nil {
		return nil, err
	}
	return &Service{Server: server, live: l}, nil
}

// Apply puts another configuration in force, for all requests from now on; those in flight end as they began. After an
// error the one before stays in force. It is safe for concurrent use.
func (s *Service) Apply(c config.Config) error { return s.live.apply(c) }

// Serve serves until ctx ends and then stops without losing a request: it serves on for the shutdown delay, ends the
// streams, and lets everything else finish.
func (s *Service) Serve(ctx context.Context) error {
	defer s.live.close()
	return s.Server.Serve(ctx)
}
