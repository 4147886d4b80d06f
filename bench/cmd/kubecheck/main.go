// Command kubecheck measures what outages cost on Kubernetes: it sends requests to a deployed UMS at a fifth of what it
// bears, restarts, deletes and kills one part after the other, and checks after each that no acknowledged write and no
// event is lost, that no read was stale, and that the contracts are kept. Run it in the root of the repository. It prints
// a table in Markdown; the exit code is 1 if something is not as it should be.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintf(os.Stderr, "kubecheck: %v\n", err)
		os.Exit(1)
	}
}
