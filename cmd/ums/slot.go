package main

import (
	"cmp"
	"context"
	"fmt"
	"io"

	"github.com/urfave/cli/v3"

	"github.com/glarimy/ums/cmd/ums/slot"
)

func slotCommand(stdout io.Writer) *cli.Command {
	return &cli.Command{
		Name:         "slot",
		Usage:        "help to fill a slot with a service of yours",
		OnUsageError: usageError,
		Commands: []*cli.Command{{
			Name:         "new",
			Usage:        "write the skeleton of a service: it routes, answers probes and tells errors",
			OnUsageError: usageError,
			Flags: []cli.Flag{
				&cli.StringFlag{Name: "lang", Usage: "the `language`: " + slot.Languages()},
				&cli.StringFlag{Name: "slot", Usage: "the `slot` to fill: " + slot.Slots()},
				&cli.StringFlag{Name: "dir", Usage: "the `folder` to write, empty or not there yet (default: ./SLOT-LANG)"},
			},
			Action: func(_ context.Context, c *cli.Command) error { return newSlot(c, stdout) },
		}},
		Action: func(_ context.Context, c *cli.Command) error {
			if c.Args().Present() {
				return fmt.Errorf("slot has no command %q; ums slot --help lists them", c.Args().First())
			}
			return cli.ShowSubcommandHelp(c)
		},
	}
}

func newSlot(c *cli.Command, stdout io.Writer) error {
	lang, name := c.String("lang"), c.String("slot")
	switch {
	case c.Args().Present():
		return fmt.Errorf("there is no place for %q: everything is a flag; %s --help tells them", c.Args().First(), c.FullName())
	case lang == "":
		return fmt.Errorf("--lang is missing: choose %s", slot.Languages())
	case name == "":
		return fmt.Errorf("--slot is missing: choose %s", slot.Slots())
	}
	skeleton, err := slot.Render(lang, name)
	if err != nil {
		return err
	}
	folder := cmp.Or(c.String("dir"), skeleton.Folder())
	next, err := skeleton.Steps(folder)
	if err != nil {
		return err
	}
	files, err := skeleton.Write(folder)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "%d files are in %s.\n%s", files, folder, next)
	return err
}
