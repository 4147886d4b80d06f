// Package transfer measures `ums import` and `ums export` as processes of their own against a running `ums up`, and
// holds what comes out against what went in.
package transfer

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/glarimy/ums/bench/process"
)

// options are what the command line says.
type options struct {
	users       int
	concurrency int
	engines     bool
}

// Main is the command. It is to be run in the repository's root.
func Main(ctx context.Context, args []string, getenv func(string) string, stdout io.Writer) (err error) {
	var o options
	flags := flag.NewFlagSet("transfer", flag.ContinueOnError)
	flags.SetOutput(stdout)
	flags.IntVar(&o.users, "users", 1_000_000, "how many users")
	flags.IntVar(&o.concurrency, "concurrency", 32, "requests of the import at a time")
	flags.BoolVar(&o.engines, "engines", false,
		"on the MySQL and the Redis of TEST_DATABASE_URL and TEST_REDIS_URL, instead of SQLite and what is built in")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return nil
	case err != nil:
		return err
	case flags.NArg() > 0 || o.users < 1 || o.users > 900_000_000 || o.concurrency < 1:
		return errors.New("give 1 to 900,000,000 users, a positive concurrency and no argument: see -help")
	}
	folder, err := os.MkdirTemp("", "transfer")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	b := bench{options: o, folder: folder, program: filepath.Join(folder, "ums"), stdout: stdout}
	//nolint:gosec // the program goes to a folder of this run's own
	build := exec.CommandContext(ctx, "go", "build", "-o", b.program, "./cmd/ums")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build ums, in the root of the repository: %w: %s", err, out)
	}
	if o.engines {
		var remove func(context.Context) error
		if remove, err = b.takeEngines(ctx, getenv); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, remove(context.WithoutCancel(ctx))) }()
	}
	return b.run(ctx)
}

// bench is one run, with all of its files in a folder of its own.
type bench struct {
	options

	folder, program string
	env             []string // of the system, beside this process's
	stdout          io.Writer
}

func (b *bench) run(ctx context.Context) (err error) {
	addr, err := process.FreeAddr(ctx)
	if err != nil {
		return err
	}
	in, out := filepath.Join(b.folder, "in.csv"), filepath.Join(b.folder, "out.csv")
	if err := b.write(in); err != nil {
		return err
	}
	stop, err := b.serve(ctx, addr)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	url := "http://" + addr
	if err := b.measure(ctx, "import", "-url", url, "-concurrency", fmt.Sprint(b.concurrency), in); err != nil {
		return err
	}
	if err := b.measure(ctx, "export", "-url", url, "-o", out); err != nil {
		return err
	}
	if err := b.equal(in, out); err != nil {
		return err
	}
	_, err = fmt.Fprintf(b.stdout, "what came out of %d users is what went in\n", b.users)
	return err
}

// write makes the input, in name order.
func (b *bench) write(path string) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(file)
	fmt.Fprintln(w, "name,phone")
	for i := range b.users {
		fmt.Fprintln(w, row(i))
	}
	return errors.Join(w.Flush(), file.Close())
}

func row(i int) string { return fmt.Sprintf("Transfer %09d,%d", i, 9_000_000_000+i) }

// serve starts the system and waits until it answers.
func (b *bench) serve(ctx context.Context, addr string) (stop func() error, err error) {
	env := append(os.Environ(), b.env...) //nolint:forbidigo // the child's, as this process has it
	//nolint:gosec // the program is the one just built
	c := exec.CommandContext(ctx, b.program, "up", "-addr", addr, "-admin-addr", "off", "-data", filepath.Join(b.folder, "data"))
	c.Env = env
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) }
	greeting, err := c.StdoutPipe()
	if err != nil {
		return nil, err
	}
	var log bytes.Buffer
	c.Stderr = &log
	if err := c.Start(); err != nil {
		return nil, fmt.Errorf("start ums: %w", err)
	}
	if _, err := bufio.NewReader(greeting).ReadString('\n'); err != nil {
		return nil, errors.Join(fmt.Errorf("ums ended before it was up: %s", log.String()), c.Wait())
	}
	go func() { _, _ = io.Copy(io.Discard, greeting) }()
	return func() error {
		_ = c.Process.Signal(os.Interrupt) // it may have ended
		return c.Wait()
	}, nil
}

// measure runs a command and prints how long it took and the most memory that it held at a time.
func (b *bench) measure(ctx context.Context, args ...string) error {
	//nolint:gosec // the program is the one just built
	c := exec.CommandContext(ctx, b.program, args...)
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) }
	var said bytes.Buffer
	c.Stdout, c.Stderr = &said, os.Stderr
	began := time.Now()
	if err := c.Run(); err != nil {
		return fmt.Errorf("ums %s: %w: %s", args[0], err, said.String())
	}
	took := time.Since(began)
	_, err := fmt.Fprintf(b.stdout, "%s: %d users in %s, %.0f a second, at most %.1f MB resident\n%s",
		args[0], b.users, took.Round(time.Millisecond), float64(b.users)/took.Seconds(),
		float64(peak(c.ProcessState))/1e6, said.String())
	return err
}

// equal holds the export, without its column since, against the input, line by line.
func (b *bench) equal(in, out string) (err error) {
	file, err := os.Open(out)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	lines := bufio.NewScanner(file)
	lines.Scan() // the header
	for i := range b.users {
		if want := row(i) + ","; !lines.Scan() || !strings.HasPrefix(lines.Text(), want) {
			return fmt.Errorf("user %d of %s is %q, and in %s %q", i, out, lines.Text(), in, want)
		}
	}
	if lines.Scan() {
		return fmt.Errorf("the export has more than the %d users of the input: %q", b.users, lines.Text())
	}
	return lines.Err()
}
