package cli

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/glarimy/ums/migrations"
)

const (
	flagDatabase    = "database"
	flagLockTimeout = "lock-timeout"
	flagWait        = "wait"
	flagAll         = "all"
)

// command builds the command line. Flags may stand before the verb, as golang-migrate has them, or after it.
func (p *program) command(stderr io.Writer) *cli.Command {
	c := &cli.Command{
		Name:  "migrate",
		Usage: "change the schema of the UMS database",
		UsageText: "migrate [-database URL] [-lock-timeout T] [-wait T] VERB [ARGUMENT]\n\n" +
			"migrate --version tells which build this is, the verb version that of the schema.\n" +
			"The database is -database, or DATABASE_URL; DATABASE_PASSWORD fills in the password.\n" +
			"Either may be given as a file: DATABASE_URL_FILE, DATABASE_PASSWORD_FILE.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: flagDatabase,
				Usage: "`URL`: mysql://user:password@tcp(host:3306)/name or sqlite://path/ums.db"},
			&cli.StringFlag{Name: flagLockTimeout, Value: migrations.DefaultLockTimeout.String(),
				Usage: "wait so long for another migration to end: `T` is seconds, or such as 2m30s"},
			&cli.StringFlag{Name: flagWait, Value: "0s",
				Usage: "go on trying so long while the database cannot be reached: `T` as above"},
		},
		Commands: []*cli.Command{
			{Name: "up", ArgsUsage: "[N]", Usage: "apply all or N migrations", Action: p.up},
			{Name: "down", ArgsUsage: "N | -all", Usage: "undo N migrations, or all", Action: p.down,
				Flags: []cli.Flag{&cli.BoolFlag{Name: flagAll, Usage: "undo all migrations: all data is lost"}}},
			{Name: "goto", ArgsUsage: "V", Usage: "apply or undo migrations until the schema is at V", Action: p.goTo},
			{Name: "force", ArgsUsage: "V", Usage: "write down that the schema is at version V, running nothing (-1: empty)",
				Action: p.force},
			{Name: "version", Usage: "print the version of the schema", Action: p.version},
			{Name: "status", Usage: "print how the schema stands to this program", Action: p.status},
		},
		Action:          p.noVerb,
		HideHelpCommand: true,
		Writer:          p.stdout,
		ErrWriter:       stderr,
		ExitErrHandler:  func(context.Context, *cli.Command, error) {}, // Run decides
		OnUsageError:    onUsageError,
	}
	for _, verb := range c.Commands {
		verb.OnUsageError = onUsageError
	}
	return c
}

func onUsageError(_ context.Context, _ *cli.Command, err error, _ bool) error { return usageError{err} }

func (p *program) noVerb(_ context.Context, c *cli.Command) error {
	if c.Args().Present() {
		return usagef("there is no verb %q: `migrate -help` lists them", c.Args().First())
	}
	if err := cli.ShowRootCommandHelp(c); err != nil {
		return fmt.Errorf("print the help: %w", err)
	}
	return usagef("a verb is missing")
}

func (p *program) up(ctx context.Context, c *cli.Command) error {
	n, err := number(c)
	if err != nil {
		return err
	}
	return p.change(c, func(m *migrations.Migrator) (migrations.Result, error) { return m.Up(ctx, n) })
}

func (p *program) down(ctx context.Context, c *cli.Command) error {
	n, err := number(c)
	switch {
	case err != nil:
		return err
	case c.Bool(flagAll) && c.Args().Present():
		return usagef("down takes a number or -all, not both")
	case !c.Bool(flagAll) && !c.Args().Present():
		return usagef("down needs a number of migrations to undo, or -all, which loses all data")
	}
	return p.change(c, func(m *migrations.Migrator) (migrations.Result, error) { return m.Down(ctx, n) })
}

func (p *program) goTo(ctx context.Context, c *cli.Command) error {
	v, err := version(c)
	if err != nil {
		return err
	}
	if v == 0 {
		return usagef("goto needs a version of 1 or more: to undo all migrations, use `down -all`")
	}
	return p.change(c, func(m *migrations.Migrator) (migrations.Result, error) { return m.Goto(ctx, v) })
}

// change runs a verb that migrates, and prints how far it came.
func (p *program) change(c *cli.Command, verb func(*migrations.Migrator) (migrations.Result, error)) error {
	m, err := p.migrator(c)
	if err != nil {
		return err
	}
	result, err := verb(m)
	if err != nil {
		return err
	}
	return p.say(result)
}

func (p *program) force(ctx context.Context, c *cli.Command) error {
	v, err := version(c)
	if err != nil {
		return err
	}
	m, err := p.migrator(c)
	if err != nil {
		return err
	}
	if err := m.Force(ctx, v); err != nil {
		return err
	}
	return p.say(fmt.Sprintf("schema is at version %d now, by force", v))
}

// number reads the argument of up and down; without one it is all.
func number(c *cli.Command) (int, error) {
	if !c.Args().Present() {
		return migrations.All, nil
	}
	n, err := strconv.ParseUint(c.Args().First(), 10, 31)
	if err != nil || n == 0 || c.NArg() > 1 {
		return 0, usagef("%s takes one number of migrations of at least 1", c.Name)
	}
	return int(n), nil
}

// version reads the argument of goto and force. The empty schema is 0, which golang-migrate has as -1.
func version(c *cli.Command) (uint64, error) {
	argument := c.Args().First()
	if argument == "-1" {
		argument = "0"
	}
	v, err := strconv.ParseUint(argument, 10, 64)
	if err != nil || c.NArg() != 1 {
		return 0, usagef("%s needs one version number", c.Name)
	}
	return v, nil
}

// duration reads a flag's value: seconds, as golang-migrate has them, or Go's own form.
func duration(flag, value string) (time.Duration, error) {
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second, nil
	}
	d, err := time.ParseDuration(value)
	if err != nil || d < 0 {
		return 0, usagef("-%s must be a number of seconds, or a duration such as 2m30s", flag)
	}
	return d, nil
}
