package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/glarimy/ums/cmd/ums/doctor"
	"github.com/glarimy/ums/cmd/ums/system"
	"github.com/glarimy/ums/shared/config"
	"github.com/glarimy/ums/shared/program"
)

// Exit statuses of a doctor who has found something.
const (
	statusWarned = 1
	statusFailed = 2
)

// doctorSettings are the environment variables that say where the installation is.
type doctorSettings struct {
	DatabaseURL string `env:"DATABASE_URL"`
	Password    string `env:"DATABASE_PASSWORD"`
	Key         string `env:"UMS_API_KEY"`

	RedisURL       string        `env:"REDIS_URL"`
	EventsURL      string        `env:"EVENTS_URL"`
	EventsPassword string        `env:"EVENTS_PASSWORD"`
	AdminAddr      string        `env:"ADMIN_ADDR"`
	Retention      time.Duration `env:"OUTBOX_RETENTION" envDefault:"72h"`
}

func doctorCommand(p process) *cli.Command {
	return &cli.Command{
		Name:  "doctor",
		Usage: "look at a running installation and say what is wrong and what to do",
		Description: "It looks at the gateway's URL, at the database, the cache and the event bus that the environment names, " +
			"and at the environment itself, and changes nothing. What cannot be looked at from here is skipped. It ends with " +
			"status 0 if all is well, 1 if there are warnings, 2 if something has failed.",
		OnUsageError: usageError,
		Flags: []cli.Flag{
			dataFlag(), jsonFlag(),
			&cli.StringFlag{Name: "url", Value: "http://localhost:8080", Usage: "the system's `URL`"},
			&cli.StringFlag{Name: "admin", Usage: "where its metrics are (default: ADMIN_ADDR, or 127.0.0.1:9464)"},
			&cli.DurationFlag{Name: "timeout", Value: 5 * time.Second, Usage: "how long each look may take"},
		},
		Action: func(ctx context.Context, c *cli.Command) error { return examine(ctx, c, p) },
	}
}

func examine(ctx context.Context, c *cli.Command, p process) error {
	var s doctorSettings
	switch err := config.Load(&s, p.getenv); {
	case err != nil:
		return err
	case c.Args().Present():
		return fmt.Errorf("doctor takes no argument %q; -url names the system", c.Args().First())
	case c.Duration("timeout") <= 0:
		return fmt.Errorf("--timeout is %s: it must be positive", c.Duration("timeout"))
	}
	o := doctor.Options{
		URL: strings.TrimRight(c.String("url"), "/"), APIKey: s.Key,
		Admin:           cmp.Or(c.String("admin"), reachableAdmin(s.AdminAddr)),
		OutboxRetention: s.Retention, RedisURL: s.RedisURL,
		EventsURL: s.EventsURL, EventsPassword: s.EventsPassword,
		Environ: p.environ(), Timeout: c.Duration("timeout"),
	}
	db, err := system.OpenDatabase(c.String("data"), s.DatabaseURL, s.Password)
	o.Database, o.NoDatabase, o.DatabaseSet = db, err, s.DatabaseURL != ""
	list := doctor.Examine(ctx, o)
	if db != nil {
		err = db.Close()
	} else {
		err = nil // it is a finding
	}
	if err := errors.Join(err, writeExamined(p.stdout, list, c.Bool("json"))); err != nil {
		return err
	}
	return diagnosis(list)
}

// reachableAdmin is where the metrics of ADMIN_ADDR are for a client on this machine.
func reachableAdmin(addr string) string {
	if addr == "" {
		return "127.0.0.1:9464"
	}
	if strings.HasPrefix(addr, ":") {
		return "127.0.0.1" + addr
	}
	return reachable(addr)
}

// diagnosis is the command's error: nil where all is well.
func diagnosis(list []doctor.Finding) error {
	count := map[doctor.Status]int{}
	for _, f := range list {
		count[f.Status]++
	}
	said := fmt.Errorf("%d things have failed, and %d to look at", count[doctor.Fail], count[doctor.Warn])
	switch doctor.Worst(list) {
	case doctor.Fail:
		return &program.ExitError{Status: statusFailed, Err: said}
	case doctor.Warn:
		return &program.ExitError{Status: statusWarned, Err: said}
	default:
		return nil
	}
}

func writeExamined(w io.Writer, list []doctor.Finding, asJSON bool) error {
	if asJSON {
		return writeJSON(w, map[string]any{"status": doctor.Worst(list), "findings": list})
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, f := range list {
		line := oneLine(f.Says)
		if f.Do != "" {
			line += " → " + f.Do
		}
		fmt.Fprintf(table, "%s\t%s\t%s\n", f.Status, f.Check, line)
	}
	return table.Flush()
}

// oneLine keeps a message of others to a line.
func oneLine(s string) string { return printable(strings.Join(strings.Fields(s), " ")) }
