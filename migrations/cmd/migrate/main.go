// Command migrate changes the schema of UMS's database. Its verbs are those of golang-migrate's own command; the
// migrations are built in.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/glarimy/ums/migrations/internal/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the first signal stops between two migrations, a second one at once
	os.Exit(cli.Run(ctx, os.Args, os.Getenv, os.Stdout, os.Stderr))
}
