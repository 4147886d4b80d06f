package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/glarimy/ums/shared/bus"
	"github.com/glarimy/ums/shared/bus/transport"
	"github.com/glarimy/ums/shared/config"
)

// retryPage is how many dead letters `--all` reads first. It doubles with each page, as some buses read all for any page.
const retryPage = 100

// retryTime is what one dead letter may take to be put back; a call has operatorTimeout besides.
const retryTime = 100 * time.Millisecond

func deadLettersCommand(getenv func(string) string, stdout io.Writer) *cli.Command {
	return &cli.Command{
		Name:         "dead-letters",
		Usage:        "list what the consumers of the event bus of EVENTS_URL could not use",
		OnUsageError: usageError,
		Flags: []cli.Flag{
			jsonFlag(),
			&cli.IntFlag{Name: "limit", Value: 100, Usage: "how many to list at most"},
			&cli.StringFlag{Name: "after", Usage: "list those behind the one of this `ID`"},
		},
		Action: func(ctx context.Context, c *cli.Command) error {
			if c.Args().Present() {
				return fmt.Errorf("dead-letters takes no argument %q; ums dead-letters --help tells more", c.Args().First())
			}
			limit := c.Int("limit")
			if limit < 1 {
				return fmt.Errorf("--limit is %d: it must be at least 1", limit)
			}
			return onBus(ctx, getenv, func(ctx context.Context, letters bus.DeadLetters) error {
				list, err := readLetters(ctx, letters, c.String("after"), limit)
				if err != nil {
					return err
				}
				return writeDeadLetters(stdout, list, limit, c.Bool("json"))
			})
		},
		Commands: []*cli.Command{retryDeadLettersCommand(getenv, stdout)},
	}
}

func retryDeadLettersCommand(getenv func(string) string, stdout io.Writer) *cli.Command {
	return &cli.Command{
		Name:         "retry",
		Usage:        "put dead letters back on the bus, for all consumers",
		ArgsUsage:    "ID…",
		OnUsageError: usageError,
		Flags:        []cli.Flag{jsonFlag(), &cli.BoolFlag{Name: "all", Usage: "all that there are now"}},
		Action: func(ctx context.Context, c *cli.Command) error {
			if c.Args().Present() == c.Bool("all") {
				return errors.New("give the IDs of dead letters, or --all")
			}
			return onBus(ctx, getenv, func(ctx context.Context, letters bus.DeadLetters) error {
				retried, err := retryDeadLetters(ctx, letters, c.Args().Slice())
				if err != nil && retried == 0 {
					return err
				}
				return errors.Join(writeRetriedLetters(stdout, retried, c.Bool("json")), err)
			})
		},
	}
}

// retryDeadLetters puts dead letters back, all of them where ids is empty, and returns how many, where it fails too.
func retryDeadLetters(ctx context.Context, letters bus.DeadLetters, ids []string) (retried int, err error) {
	if len(ids) == 0 {
		return retryAllDeadLetters(ctx, letters)
	}
	retried, unknown, err := putBack(ctx, letters, ids)
	if err == nil && len(unknown) > 0 {
		err = fmt.Errorf("there is no dead letter %s: `ums dead-letters` lists them", strings.Join(unknown, ", "))
	}
	return retried, err
}

// retryAllDeadLetters puts back all that there are when it begins, and not those that fail again meanwhile.
func retryAllDeadLetters(ctx context.Context, letters bus.DeadLetters) (retried int, err error) {
	var ids []string
	for size, after := retryPage, ""; ; size *= 2 {
		page, err := readLetters(ctx, letters, after, size)
		if err != nil {
			return 0, err
		}
		for _, letter := range page {
			ids = append(ids, letter.ID)
		}
		if len(page) < size {
			break
		}
		after = ids[len(ids)-1]
	}
	retried, _, err = putBack(ctx, letters, ids) // one that is unknown by now was put back by somebody else
	return retried, err
}

func readLetters(ctx context.Context, letters bus.DeadLetters, after string, limit int) ([]bus.DeadLetter, error) {
	ctx, cancel := context.WithTimeout(ctx, operatorTimeout)
	defer cancel()
	return letters.DeadLetters(ctx, after, limit)
}

// putBack has a time that grows with what there is to do, so that many letters have theirs and a bus that is away is told of.
func putBack(ctx context.Context, letters bus.DeadLetters, ids []string) (moved int, unknown []string, err error) {
	ctx, cancel := context.WithTimeout(ctx, operatorTimeout+time.Duration(len(ids))*retryTime)
	defer cancel()
	return letters.Retry(ctx, ids...)
}

// onBus opens the event bus of EVENTS_URL and does one thing with it.
func onBus(ctx context.Context, getenv func(string) string, do func(context.Context, bus.DeadLetters) error) (err error) {
	var c transport.Config
	if err := config.Load(&c, getenv); err != nil {
		return err
	}
	if c.URL == "" {
		return errors.New("EVENTS_URL is not set: name the event bus, such as redis://host:6379/0; " +
			"the bus inside `ums up` has its dead letters in the log alone, and they end with it")
	}
	events, err := c.Open(transport.Dependencies{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, events.Close()) }()
	if err := do(ctx, events); err != nil {
		return fmt.Errorf("the event bus of EVENTS_URL: %w", err)
	}
	return nil
}
