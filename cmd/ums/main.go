// Command ums runs the whole of UMS in one process, and holds the operator's commands.
package main

import (
	"context"
	"io"
	"os"

	"github.com/glarimy/ums/shared/program"
	"github.com/glarimy/ums/shared/wiring"
)

func main() {
	program.Main("ums", func(ctx context.Context, args []string, getenv func(string) string, stdout io.Writer) error {
		wiring.RedirectClientLog(getenv, os.Stderr)
		return run(ctx, args, process{getenv: getenv, environ: os.Environ, stdin: os.Stdin, stdout: stdout, stderr: os.Stderr})
	})
}
