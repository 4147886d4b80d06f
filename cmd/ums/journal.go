package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/glarimy/ums/services/journal"
	"github.com/glarimy/ums/shared/database"
)

func journalCommand(getenv func(string) string, stdout io.Writer) *cli.Command {
	return &cli.Command{
		Name:         "journal",
		Usage:        "look after the journal",
		OnUsageError: usageError,
		Commands:     []*cli.Command{verifyCommand(getenv, stdout)},
	}
}

func verifyCommand(getenv func(string) string, stdout io.Writer) *cli.Command {
	return &cli.Command{
		Name: "verify",
		Usage: "hold the journal against the outbox and the users: whether an event is missing, doubled or out of order, " +
			"and whether the changes give the users",
		OnUsageError: usageError,
		Flags: []cli.Flag{
			dataFlag(), jsonFlag(),
			&cli.IntFlag{Name: "limit", Value: 100, Usage: "how many findings to print at most"},
			&cli.DurationFlag{
				Name: "patience", Value: 10 * time.Second, Usage: "how young an event may be that the journal does not have yet",
			},
			&cli.DurationFlag{Name: "timeout", Value: time.Hour, Usage: "how long it may take"},
		},
		Action: func(ctx context.Context, c *cli.Command) error {
			if c.Args().Present() {
				return fmt.Errorf("verify takes no argument %q; ums journal verify --help tells its flags", c.Args().First())
			}
			return onDatabaseWithin(ctx, c.Duration("timeout"), c, getenv, func(ctx context.Context, db *database.DB) error {
				v, err := journal.Verify(ctx, db, journal.VerifyOptions{
					Patience: c.Duration("patience"), Limit: c.Int("limit"), Now: time.Now,
				})
				if err != nil {
					return err
				}
				return writeVerification(stdout, v, c.Bool("json"))
			})
		},
	}
}

// writeVerification prints what was found, and returns an error where that is anything.
func writeVerification(w io.Writer, v journal.Verification, asJSON bool) error {
	write := writeFindings
	if asJSON {
		write = func(w io.Writer, v journal.Verification) error { return writeJSON(w, v) }
	}
	if err := write(w, v); err != nil {
		return err
	}
	switch v.Count {
	case 0:
		return nil
	case 1:
		return fmt.Errorf("the journal is not what it should be: 1 finding")
	default:
		return fmt.Errorf("the journal is not what it should be: %d findings", v.Count)
	}
}

func writeFindings(w io.Writer, v journal.Verification) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, f := range v.Findings {
		where := []string{}
		if f.User != "" {
			where = append(where, "user "+printable(f.User))
		}
		if f.Sequence > 0 {
			where = append(where, fmt.Sprintf("sequence %d", f.Sequence))
		}
		if f.Event != "" {
			where = append(where, "event "+printable(f.Event))
		}
		fmt.Fprintf(table, "%s\t%s\t%s\n", f.Kind, strings.Join(where, ", "), f.Detail)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if left := v.Count - len(v.Findings); left > 0 {
		fmt.Fprintf(w, "and %d more; --limit prints more of them\n", left)
	}
	_, err := fmt.Fprintf(w, "%d events in the outbox (%d of them on their way to the journal), "+
		"%d changes in the journal, %d users: %d findings\n",
		v.Outbox, v.Pending, v.Changes, v.Users, v.Count)
	return err
}
