// Command ums runs the whole of UMS in one process, and holds the operator's commands.
package main

import (
	"context"
	"io"
	"os"

	"github.com/redis/go-redis/v9/logging"

	"github.com/glarimy/ums/shared/program"
)

func main() {
	logging.Disable() // go-redis would print to stderr what its errors tell as well
	program.Main("ums", func(ctx context.Context, args []string, getenv func(string) string, stdout io.Writer) error {
		return run(ctx, args, getenv, stdout, os.Stderr)
	})
}
