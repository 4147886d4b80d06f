// Command composecheck starts docker-compose.yml beside whatever else runs, kills one container after another while users
// are added, takes everything down and up again, and fails if an acknowledged user is lost. Run it in the root of the
// repository; it removes what it started.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Environ(), os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintf(os.Stderr, "composecheck: %v\n", err)
		os.Exit(1)
	}
}
