package main

import (
	"context"
	"fmt"
	"io"

	"github.com/urfave/cli/v3"

	"github.com/glarimy/ums/shared/version"
)

// process is what the command knows of the process that it is.
type process struct {
	getenv         func(string) string
	environ        func() []string // the names too, for the doctor alone
	stdin          io.Reader
	stdout, stderr io.Writer
}

// run is the command without its process. Results go to stdout, log lines to stderr.
func run(ctx context.Context, args []string, p process) error {
	getenv, stdout, stderr := p.getenv, p.stdout, p.stderr
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
			deadLettersCommand(getenv, stdout), importCommand(p), exportCommand(p), doctorCommand(p), slotCommand(stdout),
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
