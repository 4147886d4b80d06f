package gateway

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/glarimy/ums/gateway/access/keyfile"
	"github.com/glarimy/ums/gateway/config"
	"github.com/glarimy/ums/gateway/tracing"
	"github.com/glarimy/ums/shared/httpserver"
	"github.com/glarimy/ums/shared/logging"

	environment "github.com/glarimy/ums/shared/config"
)

const usage = `usage: gateway                 serve, as GATEWAY_CONFIG (or the built-in gateway.yaml) says
       gateway check [--json] FILE
                               say whether a configuration is right, or all that is wrong with it; - is stdin
       gateway routes [FILE]   print the routes of a configuration (the built-in one)
       gateway key new|hash    make an API key, or print the hash of one; gateway key tells more
       gateway schema          print the JSON Schema of configurations, for editors`

// settings are all the variables of the gateway as a process of its own.
type settings struct {
	httpserver.Config
	TLS
	Log        logging.Config
	ConfigFile string `env:"GATEWAY_CONFIG"` // a gateway.yaml; empty for the built-in one
}

// Main is the gateway as a process of its own: it serves until ctx ends, or does what the arguments say.
func Main(ctx context.Context, args []string, getenv func(string) string, stdout io.Writer) error {
	switch {
	case len(args) == 0:
		return serve(ctx, getenv, stdout)
	case args[0] == "check":
		return check(args[1:], getenv, os.Stdin, stdout)
	case args[0] == "routes" && len(args) == 1:
		return printRoutes("", getenv, stdout)
	case args[0] == "routes" && len(args) == 2:
		return printRoutes(args[1], getenv, stdout)
	case args[0] == "schema" && len(args) == 1:
		_, err := stdout.Write(config.Schema())
		return err
	case args[0] == "key":
		return keyfile.Command(args[1:], os.Stdin, stdout, time.Now())
	case args[0] == "help" || args[0] == "-h" || args[0] == "--help":
		_, err := fmt.Fprintln(stdout, usage)
		return err
	default:
		return fmt.Errorf("unknown arguments %q\n%s", args, usage)
	}
}

func serve(ctx context.Context, getenv func(string) string, stdout io.Writer) error {
	var s settings
	if err := environment.Load(&s, getenv); err != nil {
		return err
	}
	logger, err := logging.New(stdout, s.Log)
	if err != nil {
		return err
	}
	registry := httpserver.NewRegistry()
	var service *Service
	load := func() (config.Config, error) { return LoadConfig(s.ConfigFile, getenv) }
	reloader, err := NewReloader(s.ConfigFile, load, func() *Service { return service }, logger, registry)
	if err != nil {
		return err
	}
	routes, err := load()
	if err != nil {
		return err
	}
	tracer, err := tracing.New(ctx, getenv)
	if err != nil {
		return err
	}
	service, err = New(s.Config, Dependencies{Routes: routes, Logger: logger, Registry: registry, TLS: s.TLS, Tracer: tracer})
	if err != nil {
		return err
	}
	if err := service.Listen(ctx); err != nil {
		return err
	}
	defer Reloading(ctx, reloader)()
	return service.Serve(ctx)
}
