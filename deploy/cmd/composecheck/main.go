// Command composecheck starts docker-compose.yml beside whatever else runs, kills one container after another while users
// are added, takes everything down and up again, and fails if an acknowledged user is lost, is not in the journal exactly
// once, or waits for the event bus. Run it in the root of the repository; it removes what it started.
//
//	composecheck [-bus redis|kafka] [-port 18080]
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	name := flag.String("bus", "redis", "the event bus: redis or kafka")
	port := flag.Int("port", 18080, "where the gateway answers meanwhile")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, *name, *port, os.Environ(), os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintf(os.Stderr, "composecheck: %v\n", err)
		os.Exit(1)
	}
}
