// Package program is the frame of every command: signals in, an exit code out.
package program

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/glarimy/ums/shared/version"
)

// Run is a command without its process: all it knows of the world comes in as arguments.
type Run func(ctx context.Context, args []string, getenv func(string) string, stdout io.Writer) error

// Main runs a command until it ends by itself or by SIGINT or SIGTERM, after which a second signal ends it at once.
// An error is printed in one line to stderr and ends the process with status 1, or with that of [ExitError]. Main does not
// return.
func Main(name string, run Run) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	if err := WithCommon(name, run)(ctx, os.Args[1:], os.Getenv, os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		os.Exit(status(err))
	}
	os.Exit(0)
}

// ExitError is an error that ends the process with a status of its own, which the command documents.
type ExitError struct {
	Status int // 1 to 125
	Err    error
}

func (e *ExitError) Error() string { return e.Err.Error() }

// Unwrap returns what ended the process.
func (e *ExitError) Unwrap() error { return e.Err }

// status is the process's for an error.
func status(err error) int {
	if code, ok := errors.AsType[*ExitError](err); ok {
		return code.Status
	}
	return 1
}

// WithCommon returns run with the verbs that every program has: `health` asks the server of the same ADDR on this
// machine whether it is ready, `--version` prints which build this is.
func WithCommon(name string, run Run) Run {
	return func(ctx context.Context, args []string, getenv func(string) string, stdout io.Writer) error {
		if len(args) != 1 {
			return run(ctx, args, getenv, stdout)
		}
		switch args[0] {
		case "health":
			return health(ctx, getenv)
		case "--version", "-version":
			_, err := fmt.Fprintln(stdout, name, version.Get())
			return err
		default:
			return run(ctx, args, getenv, stdout)
		}
	}
}
