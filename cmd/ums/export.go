package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/glarimy/ums/cmd/ums/transfer"
)

func exportCommand(p process) *cli.Command {
	return &cli.Command{
		Name:  "export",
		Usage: "write every user in name order, through the public API, while others write",
		Description: "What stands all the time is written exactly once. A file of -o is there whole or not at all, " +
			"and for its owner alone.",
		OnUsageError: usageError,
		Flags: append(apiFlags(),
			&cli.StringFlag{Name: "format", Value: "csv", Usage: "csv (name,phone,since) or ndjson"},
			&cli.StringFlag{Name: "o", Value: "-", Usage: "`file` to write, or - for the standard output"},
		),
		Action: func(ctx context.Context, c *cli.Command) error { return exportUsers(ctx, c, p) },
	}
}

func exportUsers(ctx context.Context, c *cli.Command, p process) error {
	if c.Args().Present() {
		return fmt.Errorf("export takes no argument %q; -o names the file", c.Args().First())
	}
	client, err := newClient(c, p.getenv, 1)
	if err != nil {
		return err
	}
	defer client.Close()
	meter := &meters{p: p, unit: "users"}
	began := time.Now()
	users, err := transfer.Export(ctx, transfer.ExportOptions{
		Client: client, Format: transfer.Format(c.String("format")), Output: c.String("o"), Stream: p.stdout,
		Patience: c.Duration("patience"), Begin: func() transfer.Progress { return meter.begin(0, 0) },
	})
	meter.finish()
	switch {
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("stopped behind user %d", users)
	case err != nil:
		return err
	}
	took := time.Since(began)
	_, err = fmt.Fprintf(p.stderr, "%d users in %s, %.0f/s\n",
		users, took.Round(10*time.Millisecond), float64(users)/took.Seconds())
	return err
}
