package main

import (
	"context"
	"fmt"
	"io"

	"github.com/urfave/cli/v3"

	"github.com/glarimy/ums/shared/version"
)

// run is the command without its process. Results go to stdout, log lines to stderr.
func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) error {
	root := &cli.Command{
		Name:           "ums",
		Usage:          "user management behind one URL",
		Version:        version.Get().String(),
		Writer:         stdout,
		ErrWriter:      stderr,
		ExitErrHandler: func(context.Context, *cli.Command, error) {}, // main prints the error, once
		DefaultCommand: "up",
		Commands: []*cli.Command{
			upCommand(getenv, stdout, stderr), outboxCommand(getenv, stdout), journalCommand(getenv, stdout),
			deadLettersCommand(getenv, stdout),
		},
		OnUsageError: usageError,
		CommandNotFound: func(_ context.Context, _ *cli.Command, name string) {
			fmt.Fprintf(stderr, "ums: there is no command %q; ums help lists them\n", name)
		},
	}
	return root.Run(ctx, append([]string{"ums"}, args...))
}

func usageError(_ context.Context, c *cli.Command, err error, _ bool) error {
	return fmt.Errorf("%w; %s --help tells more", err, c.FullName())
}
