// Package cli is the command line of the migrate command.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/glarimy/ums/migrations"
	"github.com/glarimy/ums/shared/config"
	"github.com/glarimy/ums/shared/database"
	build "github.com/glarimy/ums/shared/version"
)

// Exit codes.
const (
	exitFailed = 1 // the database, or what is in it, is not as it should be
	exitUsage  = 2 // the command line or the environment is wrong
)

// usageError says that the command line or the environment is wrong.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// Run does what args say and returns the exit code. Results go to stdout; what happens meanwhile, and an error's one
// line, to stderr. It stops between two migrations when ctx ends.
func Run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	if len(args) == 2 && (args[1] == "--version" || args[1] == "-version") { // of the build, as every program of UMS has it
		fmt.Fprintln(stdout, "migrate", build.Get())
		return 0
	}
	p := &program{getenv: getenv, stdout: stdout, logger: slog.New(slog.NewTextHandler(stderr, nil))}
	err := p.command(stderr).Run(ctx, args)
	if err == nil {
		return 0
	}
	fmt.Fprintf(stderr, "migrate: %s\n", oneLine(err))
	if _, ok := errors.AsType[usageError](err); ok {
		return exitUsage
	}
	return exitFailed
}

// oneLine joins the lines of errors that were joined.
func oneLine(err error) string {
	return strings.Join(strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
}

// program holds what the verbs share.
type program struct {
	getenv func(string) string
	stdout io.Writer
	logger *slog.Logger
}

// settings are what the environment may say. Any variable X may be given as X_FILE.
type settings struct {
	URL      string `env:"DATABASE_URL"`
	Password string `env:"DATABASE_PASSWORD"`
}

// migrator returns what works on the database that the flags and the environment name.
func (p *program) migrator(c *cli.Command) (*migrations.Migrator, error) {
	var s settings
	if err := config.Load(&s, p.getenv); err != nil {
		return nil, usageError{err}
	}
	if flag := c.String(flagDatabase); flag != "" {
		s.URL = flag
	}
	url, err := database.ParseURL(s.URL, s.Password)
	if err != nil {
		return nil, usageError{err}
	}
	lockTimeout, err := duration(flagLockTimeout, c.String(flagLockTimeout))
	if err != nil {
		return nil, err
	}
	wait, err := duration(flagWait, c.String(flagWait))
	if err != nil {
		return nil, err
	}
	m, err := migrations.New(url, migrations.Options{LockTimeout: lockTimeout, Wait: wait, Logger: p.logger})
	if err != nil {
		return nil, usageError{err}
	}
	return m, nil
}

// say prints a result.
func (p *program) say(line any) error {
	if _, err := fmt.Fprintln(p.stdout, line); err != nil {
		return fmt.Errorf("print the result: %w", err)
	}
	return nil
}
