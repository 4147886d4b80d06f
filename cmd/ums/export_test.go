package main

import (
	"context"
	"io"
	"strings"
)

// Run is the command without its process.
func Run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) error {
	return RunWith(ctx, args, getenv, nil, "", stdout, stderr)
}

// RunWith is Run with the environment's entries and a standard input.
func RunWith(
	ctx context.Context, args []string, getenv func(string) string, environ []string, stdin string, stdout, stderr io.Writer,
) error {
	return run(ctx, args, process{
		getenv: getenv, environ: func() []string { return environ },
		stdin: strings.NewReader(stdin), stdout: stdout, stderr: stderr,
	})
}

// RetryAllDeadLetters is `ums dead-letters retry --all` without its bus.
var RetryAllDeadLetters = retryAllDeadLetters
