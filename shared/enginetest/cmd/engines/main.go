// Command engines runs a command, such as go test, with a MySQL and a Redis for its tests:
//
//	engines [-mysql=false] [-redis=false] -- go test ./...
//
// The servers come from where package enginetest says. The command finds them in TEST_DATABASE_URL and TEST_REDIS_URL;
// they end with it. The exit code is the command's, or 1 if a server is missing while REQUIRE_ENGINES=1.
package main

import (
	"os"
	"os/signal"
	"syscall"

	"github.com/glarimy/ums/shared/enginetest/internal/engine"
)

func main() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	os.Exit(run(os.Args[1:], surroundings{
		host:    engine.NewHost(os.Stderr),
		environ: os.Environ(),
		stdin:   os.Stdin,
		stdout:  os.Stdout,
		stderr:  os.Stderr,
		signals: signals,
	}))
}
