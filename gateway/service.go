package gateway

import (
	"context"
	_ "embed" // for the built-in configuration
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/glarimy/ums/gateway/config"
	"github.com/glarimy/ums/gateway/edge"
	"github.com/glarimy/ums/gateway/tracing"
	"github.com/glarimy/ums/gateway/upstream"
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

// Dependencies are what the service is given.
type Dependencies struct {
	Routes   config.Config
	Logger   *slog.Logger
	Registry *prometheus.Registry
	TLS      TLS               // the zero value: no TLS
	Tracer   *tracing.Tracer   // nil: no spans; Serve closes it
	Resolver upstream.Resolver // of upstreams' names; nil: the system's
	// After is the clock of the delay before a stop; time.After where it is nil.
	After func(time.Duration) <-chan time.Time
	// Tick is when the file of API keys is looked at, and whether the issuer's keys are due; every five seconds where it is
	// nil.
	Tick <-chan time.Time
}

// Service is the running gateway. Use it once: Listen, then Serve. Apply may be called at any time.
type Service struct {
	config httpserver.Config
	deps   Dependencies
	logger *slog.Logger
	front  *front
	back   *Backends
	guards guards
	plain  *edge.Server
	secure *edge.Secure // nil: no TLS
	admin  *http.Server // nil: none

	listener, secureListener, adminListener net.Listener
}

// New returns the service. The error says what is wrong with the configuration.
func New(c httpserver.Config, d Dependencies) (_ *Service, err error) {
	if d.After == nil {
		d.After = time.After
	}
	s := &Service{config: c, deps: d, logger: d.Logger.With("service", "gateway")}
	if s.back, err = NewBackends(s.logger, d.Registry, d.Resolver); err != nil {
		return nil, err
	}
	s.guards.logger, s.guards.registerer, s.guards.tick = s.logger, d.Registry, d.Tick
	g, err := s.newGateway(d.Routes)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			g.Close()
		}
	}()
	if s.front, err = newFront(c, g, s.logger, d.Registry); err != nil {
		return nil, err
	}
	s.plain = edge.NewServer(s.front, s.logger, edge.DefaultLimits())
	if s.secure, err = newSecure(d.TLS, s.plain, s.front, s.logger); err != nil {
		return nil, err
	}
	if c.AdminAddr != "off" {
		limits := edge.DefaultLimits()
		s.admin = &http.Server{
			Handler: httpserver.AdminHandler(d.Registry), ReadHeaderTimeout: limits.Head, ReadTimeout: limits.Body,
			IdleTimeout: limits.Idle, ErrorLog: slog.NewLogLogger(s.logger.Handler(), slog.LevelDebug),
		}
	}
	return s, nil
}

// Apply puts another configuration in force for every request from now on; those in flight end as they began. The error
// says what is wrong with the configuration; the one before it stays in force then. It is safe for concurrent use.
func (s *Service) Apply(c config.Config) error {
	g, err := s.newGateway(c)
	if err != nil {
		return err
	}
	s.front.replace(g)
	return nil
}

func (s *Service) newGateway(c config.Config) (*Gateway, error) {
	return newGateway(c, s.back, &s.guards, s.deps.Tracer)
}

// ReloadKeys looks at the file of the API keys now, and not only when it is looked at next. After an error, which says what
// is wrong with the file, the keys of before stay in force. It is safe for concurrent use.
func (s *Service) ReloadKeys() error { return s.guards.reloadKeys() }

// Listen takes the addresses, so that a taken one is told before anything else starts.
func (s *Service) Listen(ctx context.Context) (err error) {
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	if s.listener, err = edge.Listen(ctx, s.config.Addr); err != nil {
		return err
	}
	if s.secure != nil {
		if s.secureListener, err = edge.Listen(ctx, s.deps.TLS.Addr); err != nil {
			return err
		}
	}
	if s.admin != nil {
		if s.adminListener, err = edge.Listen(ctx, s.config.AdminAddr); err != nil {
			return err
		}
	}
	return nil
}

// Addr returns where requests arrive, after Listen.
func (s *Service) Addr() string { return s.listener.Addr().String() }

// TLSAddr returns where requests arrive over TLS, after Listen; "" for nowhere.
func (s *Service) TLSAddr() string { return addrOf(s.secureListener) }

// AdminAddr returns where metrics and profiles are, after Listen; "" for nowhere.
func (s *Service) AdminAddr() string { return addrOf(s.adminListener) }

func addrOf(l net.Listener) string {
	if l == nil {
		return ""
	}
	return l.Addr().String()
}

func (s *Service) listeners() []net.Listener {
	var taken []net.Listener
	for _, l := range []net.Listener{s.listener, s.secureListener, s.adminListener} {
		if l != nil {
			taken = append(taken, l)
		}
	}
	return taken
}
