package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/urfave/cli/v3"
	"golang.org/x/term"

	"github.com/glarimy/ums/cmd/ums/progress"
	"github.com/glarimy/ums/cmd/ums/transfer"
	"github.com/glarimy/ums/shared/config"
	"github.com/glarimy/ums/shared/program"
)

// statusRejects is the exit status of an import that is complete and has rejected rows.
const statusRejects = 2

// apiSettings are the environment variables of commands that speak to the public API.
type apiSettings struct {
	Key string `env:"UMS_API_KEY"`
}

// Flags of the commands that speak to the public API.
func apiFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "url", Value: "http://localhost:8080", Usage: "the system's `URL`"},
		&cli.StringFlag{Name: "api-key", Usage: "an API `key`; other users of this machine can see it, UMS_API_KEY they cannot"},
		&cli.DurationFlag{
			Name: "patience", Value: 2 * time.Minute,
			Usage: "how long one request is tried again while the system is away or busy",
		},
	}
}

func importCommand(p process) *cli.Command {
	return &cli.Command{
		Name:      "import",
		Usage:     "add the users of a CSV or NDJSON file, through the public API",
		ArgsUsage: "FILE|-",
		Description: "CSV begins with the header name,phone; NDJSON is {\"name\":…,\"phone\":…} a line. A column or " +
			"field since, as an export has it, is read over: the system sets its own.\n" +
			"Stopped in any way, the same command goes on with FILE. It ends with status 0 if all rows were added or there " +
			"already, 2 if some were rejected, 1 if it was stopped.",
		OnUsageError: usageError,
		Flags: append(apiFlags(),
			&cli.StringFlag{Name: "format", Value: "auto",
				Usage: "csv, ndjson, or auto: by the file's name or else its first byte"},
			&cli.StringFlag{Name: "if-exists", Value: "skip", Usage: "what to do with a user who is there already: " +
				"skip, update (the phone number) or reject (the row)"},
			&cli.IntFlag{Name: "concurrency", Value: 32, Usage: "requests at a time, fewer where the system is busy"},
			&cli.StringFlag{Name: "state", Usage: "`file` that says how far it is (default: FILE.import-state)"},
			&cli.StringFlag{Name: "rejects", Usage: "`file` for rejected rows (default: FILE.rejects.csv)"},
		),
		Action: func(ctx context.Context, c *cli.Command) error { return importFile(ctx, c, p) },
	}
}

func importFile(ctx context.Context, c *cli.Command, p process) (err error) {
	o, err := importOptions(c, p)
	if err != nil {
		return err
	}
	if o.Client, err = newClient(c, p.getenv, o.Concurrency); err != nil {
		return err
	}
	defer o.Client.Close()
	meter := &meters{p: p, unit: "lines"}
	o.Begin = meter.begin
	result, err := transfer.Import(ctx, o)
	meter.finish()
	if result.Counts.Read > 0 || err == nil {
		if err := writeImported(p.stdout, result, o); err != nil {
			return err
		}
	}
	switch {
	case errors.Is(err, context.Canceled) && o.Input == "-":
		return errors.New("stopped; the rows so far are in, and a new import counts them as there already")
	case errors.Is(err, context.Canceled):
		return errors.New("stopped; the same command goes on from there")
	case err != nil:
		return err
	case result.Counts.Rejected > 0:
		return &program.ExitError{Status: statusRejects,
			Err: fmt.Errorf("%d rows were rejected: %s says which and why", result.Counts.Rejected, o.Rejects)}
	}
	return nil
}

func importOptions(c *cli.Command, p process) (o transfer.ImportOptions, err error) {
	o = transfer.ImportOptions{
		Input: c.Args().First(), Stream: p.stdin, Format: transfer.Format(c.String("format")),
		IfExists: transfer.IfExists(c.String("if-exists")), State: c.String("state"), Rejects: c.String("rejects"),
		Concurrency: c.Int("concurrency"), Patience: c.Duration("patience"),
	}
	switch {
	case c.Args().Len() != 1:
		return o, errors.New("give one FILE, or - for the standard input")
	case o.Format != transfer.Detect && o.Format != transfer.CSV && o.Format != transfer.NDJSON:
		return o, fmt.Errorf("--format is %q: give csv, ndjson or auto", o.Format)
	case o.IfExists != transfer.Skip && o.IfExists != transfer.Update && o.IfExists != transfer.Reject:
		return o, fmt.Errorf("--if-exists is %q: give skip, update or reject", o.IfExists)
	case o.Concurrency < 1 || o.Concurrency > 1000:
		return o, fmt.Errorf("--concurrency is %d: it must be 1 to 1000", o.Concurrency)
	case o.Input == "-" && o.State != "":
		return o, errors.New("an import from the standard input cannot go on once stopped: leave out --state, or give a file")
	}
	name := o.Input
	if name == "-" {
		name = "stdin"
	} else if o.State == "" {
		o.State = name + ".import-state"
	}
	if o.Rejects == "" {
		o.Rejects = name + ".rejects.csv"
	}
	return o, nil
}

// newClient makes the client of a command that has apiFlags.
func newClient(c *cli.Command, getenv func(string) string, connections int) (*transfer.Client, error) {
	var s apiSettings
	if err := config.Load(&s, getenv); err != nil {
		return nil, err
	}
	if key := c.String("api-key"); key != "" {
		s.Key = key
	}
	if c.Duration("patience") <= 0 {
		return nil, fmt.Errorf("--patience is %s: it must be positive", c.Duration("patience"))
	}
	return transfer.NewClient(c.String("url"), s.Key, connections)
}

// writeImported prints the summary, of which the parts add up.
func writeImported(w io.Writer, r transfer.Result, o transfer.ImportOptions) error {
	took := fmt.Sprintf("in %s", r.Took.Round(10*time.Millisecond))
	if seconds := r.Took.Seconds(); seconds > 0 {
		took += fmt.Sprintf(", %.0f rows/s", float64(r.Counts.Read-r.Resumed)/seconds)
	}
	if r.Resumed > 0 {
		took += fmt.Sprintf(", behind %d rows of the runs before", r.Resumed)
	}
	existed := ""
	if o.IfExists == transfer.Update {
		existed = fmt.Sprintf(" (%d updated)", r.Counts.Updated)
	}
	_, err := fmt.Fprintf(w, "%d rows read = %d added + %d existed already%s + %d rejected (%s)\n",
		r.Counts.Read, r.Counts.Added, r.Counts.Existed, existed, r.Counts.Rejected, took)
	return err
}

// meters makes the meter of a command once it is known how much there is to do.
type meters struct {
	p     process
	unit  string
	meter *progress.Meter
}

func (m *meters) begin(total, done int64) transfer.Progress {
	file, ok := m.p.stderr.(*os.File)
	terminal := ok && term.IsTerminal(int(file.Fd()))
	m.meter = progress.Start(m.p.stderr, progress.Options{Unit: m.unit, Total: total, Done: done, Terminal: terminal})
	return m.meter
}

func (m *meters) finish() {
	if m.meter != nil {
		m.meter.Finish()
	}
}
