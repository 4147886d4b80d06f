package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/glarimy/ums/gateway/config"
	"github.com/glarimy/ums/shared/httpserver"
	"github.com/glarimy/ums/shared/logging"

	environment "github.com/glarimy/ums/shared/config"
)

const usage = `usage: gateway                 serve, as GATEWAY_CONFIG (or the built-in gateway.yaml) says
       gateway check FILE      say whether a configuration is right, or all that is wrong with it
       gateway routes [FILE]   print the routes of a configuration`

// settings are all the variables of the gateway as a process of its own.
type settings struct {
	httpserver.Config
	Log        logging.Config
	ConfigFile string `env:"GATEWAY_CONFIG"` // a gateway.yaml; empty for the built-in one
}

// Main is the gateway as a process of its own: it serves until ctx ends, or does what the arguments say.
func Main(ctx context.Context, args []string, getenv func(string) string, stdout io.Writer) error {
	switch {
	case len(args) == 0:
		return serve(ctx, getenv, stdout)
	case args[0] == "check" && len(args) == 2:
		return check(args[1], getenv, stdout)
	case args[0] == "routes" && len(args) == 1:
		return printRoutes("", getenv, stdout)
	case args[0] == "routes" && len(args) == 2:
		return printRoutes(args[1], getenv, stdout)
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
	routes, err := LoadConfig(s.ConfigFile, getenv)
	if err != nil {
		return err
	}
	service, err := New(s.Config, Dependencies{Routes: routes, Logger: logger, Registry: httpserver.NewRegistry()})
	if err != nil {
		return err
	}
	if err := service.Listen(ctx); err != nil {
		return err
	}
	return service.Serve(ctx)
}

// check prints OK, or every fault on a line of its own in the form that editors jump to.
func check(file string, getenv func(string) string, stdout io.Writer) error {
	_, err := LoadConfig(file, getenv)
	if faults, ok := errors.AsType[config.Errors](err); ok {
		_, _ = fmt.Fprintln(stdout, faults)
		return fmt.Errorf("%s has %d faults", file, len(faults))
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "%s: OK\n", file)
	return err
}
