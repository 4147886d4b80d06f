package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/glarimy/ums/cmd/ums/system"
	"github.com/glarimy/ums/services/add/relay"
	"github.com/glarimy/ums/shared/config"
	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/schema"
)

// operatorTimeout bounds an operator's command, so that it tells of a database that does not answer.
const operatorTimeout = 15 * time.Second

// operatorSettings are the environment variables of commands that look at a system's database.
type operatorSettings struct {
	DatabaseURL string `env:"DATABASE_URL"`
	Password    string `env:"DATABASE_PASSWORD"`
}

// Flags of the commands that look at a system's database.
func dataFlag() cli.Flag {
	return &cli.StringFlag{
		Name: "data", Value: "./data", Usage: "`folder` of the database of ums up, where DATABASE_URL names no other",
	}
}

func jsonFlag() cli.Flag { return &cli.BoolFlag{Name: "json", Usage: "print JSON"} }

func outboxCommand(getenv func(string) string, stdout io.Writer) *cli.Command {
	return &cli.Command{
		Name:         "outbox",
		Usage:        "tell which events wait, and whose wait because one was refused",
		OnUsageError: usageError,
		Flags: []cli.Flag{
			dataFlag(), jsonFlag(),
			&cli.IntFlag{Name: "limit", Value: 100, Usage: "how many parked users to list at most"},
		},
		Action: func(ctx context.Context, c *cli.Command) error {
			if c.Args().Present() {
				return fmt.Errorf("outbox takes no argument %q; ums outbox --help tells its commands", c.Args().First())
			}
			limit := c.Int("limit")
			if limit < 1 {
				return fmt.Errorf("--limit is %d: it must be at least 1", limit)
			}
			return onDatabase(ctx, c, getenv, func(ctx context.Context, db *database.DB) error {
				status, err := relay.ReadStatus(ctx, db, limit)
				if err != nil {
					return err
				}
				return writeStatus(stdout, status, time.Now(), c.Bool("json"))
			})
		},
		Commands: []*cli.Command{retryCommand(getenv, stdout)},
	}
}

func retryCommand(getenv func(string) string, stdout io.Writer) *cli.Command {
	return &cli.Command{
		Name:         "retry",
		Usage:        "have the events of a parked user tried again now",
		ArgsUsage:    "USER",
		OnUsageError: usageError,
		Flags: []cli.Flag{
			dataFlag(), jsonFlag(), &cli.BoolFlag{Name: "all", Usage: "of all parked users"},
		},
		Action: func(ctx context.Context, c *cli.Command) error {
			if c.Args().Len() > 1 || c.Args().Present() == c.Bool("all") {
				return errors.New("give the name of one user, in quotes where it has spaces, or --all")
			}
			return onDatabase(ctx, c, getenv, func(ctx context.Context, db *database.DB) error {
				return retry(ctx, db, c.Args().First(), c.Bool("json"), stdout)
			})
		},
	}
}

// retry has one parked user tried again, or all where the name is empty.
func retry(ctx context.Context, db *database.DB, user string, asJSON bool, stdout io.Writer) error {
	users := 1
	if user == "" {
		var err error
		if users, err = relay.RetryAll(ctx, db); err != nil {
			return err
		}
	} else if parked, err := relay.Retry(ctx, db, user); err != nil {
		return err
	} else if !parked {
		return fmt.Errorf("%q is not parked: `ums outbox` lists who is", user)
	}
	return writeRetried(stdout, users, asJSON)
}

// onDatabase opens the database of a system that runs, or has run, and does one thing with it.
func onDatabase(
	ctx context.Context, c *cli.Command, getenv func(string) string, do func(context.Context, *database.DB) error,
) error {
	return onDatabaseWithin(ctx, operatorTimeout, c, getenv, do)
}

// onDatabaseWithin is onDatabase for a thing that may take longer.
func onDatabaseWithin(
	ctx context.Context, timeout time.Duration, c *cli.Command, getenv func(string) string,
	do func(context.Context, *database.DB) error,
) (err error) {
	var s operatorSettings
	if err := config.Load(&s, getenv); err != nil {
		return err
	}
	db, err := system.OpenDatabase(c.String("data"), s.DatabaseURL, s.Password)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	gate := schema.NewGate(db, schema.Options{Timeout: operatorTimeout})
	if err := gate.Check(ctx); err != nil {
		return fmt.Errorf("look at the database: %w", err)
	}
	return do(ctx, db)
}
