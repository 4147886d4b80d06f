// Command conformance checks, over HTTP alone, whether what answers at an address keeps the contract of a slot of UMS.
//
//	go run ./conformance -slot find|add|search|journal|all -url URL
//
// It prints one line for each clause and a summary. The exit code is 0 if every clause is kept, 1 if one is not, and 2
// if the suite could not be run.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Getenv, os.Stdout)
	stop()
	os.Exit(code)
}
