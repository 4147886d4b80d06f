// Package bench measures services/find beside other ways to answer the same request, on this machine, with real engines.
package bench

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/glarimy/ums/bench/dataset"
	"github.com/glarimy/ums/bench/peers"
	"github.com/glarimy/ums/bench/report"
)

// names is how many users there are. Each is asked for as often as any other.
const names = 1000

// Find is the benchmark of the find slot. It starts each server in a process of its own, which is this program again
// with the arguments "serve" and the server's name.
type Find struct {
	Stdin    io.Reader // whose end ends a server
	Progress io.Writer // is told what is being done; the result goes to stdout
}

// findOptions are what the command line says.
type findOptions struct {
	rounds      int
	duration    time.Duration
	connections int
	rows        string
	profile     string
}

// Run is the command. Its engines are in TEST_DATABASE_URL and TEST_REDIS_URL; it takes a database of its own on the
// one, and keys of its own in the other.
func (f Find) Run(ctx context.Context, args []string, getenv func(string) string, stdout io.Writer) error {
	if len(args) > 0 && args[0] == "serve" {
		return f.serve(ctx, args[1:], getenv, stdout)
	}
	var o findOptions
	flags := flag.NewFlagSet("find", flag.ContinueOnError)
	flags.SetOutput(f.Progress)
	flags.IntVar(&o.rounds, "rounds", 9, "how often each server is measured")
	flags.DurationVar(&o.duration, "duration", 2*time.Second, "how long each time")
	flags.IntVar(&o.connections, "connections", 64, "keep-alive connections that ask at the same time")
	flags.StringVar(&o.rows, "rows", "", "the servers to measure, separated by commas, if not all: "+rowNames())
	flags.StringVar(&o.profile, "profile", "", "afterwards, profile the warm find and write the CPU profile to this `file`")
	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return nil
	case err != nil:
		return err
	case flags.NArg() > 0:
		return fmt.Errorf("unknown argument %q: see -help", flags.Arg(0))
	case o.rounds < 1 || o.duration <= 0 || o.connections < 1:
		return errors.New("rounds, duration and connections must be positive")
	}
	return f.run(ctx, o, getenv, stdout)
}

func (f Find) run(ctx context.Context, o findOptions, getenv func(string) string, stdout io.Writer) (err error) {
	chosen, err := chooseRows(o.rows)
	if err != nil {
		return err
	}
	databaseURL, redisURL := getenv("TEST_DATABASE_URL"), getenv("TEST_REDIS_URL")
	if databaseURL == "" || redisURL == "" {
		return errors.New("TEST_DATABASE_URL and TEST_REDIS_URL are not both set: run `make bench`, " +
			"or go run ./shared/enginetest/cmd/engines -- go run ./bench/cmd/find")
	}
	busy := report.LoadAverage()
	set, err := dataset.Store(ctx, databaseURL, redisURL, names)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, set.Close(context.WithoutCancel(ctx))) }()
	dir, err := os.MkdirTemp("", "ums-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	b := &bench{set: set, dir: dir, getenv: getenv, options: o, progress: f.Progress}
	defer func() { err = errors.Join(err, b.close()) }()
	if err := b.start(ctx, chosen); err != nil {
		return err
	}
	if err := b.measure(ctx); err != nil {
		return err
	}
	if err := b.write(stdout, busy); err != nil || o.profile == "" {
		return err
	}
	return b.profile(ctx, o.profile)
}

// cacheDir returns where the Python environment is kept from run to run.
func cacheDir(getenv func(string) string) (string, error) {
	if dir := getenv("XDG_CACHE_HOME"); dir != "" {
		return dir + "/ums-bench", nil
	}
	if home := getenv("HOME"); home != "" {
		return home + "/.cache/ums-bench", nil
	}
	return "", errors.New("neither XDG_CACHE_HOME nor HOME is set: there is no place for its packages")
}

// flask makes the Flask service ready, or tells why it cannot be.
func flask(ctx context.Context, getenv func(string) string) (peers.Flask, error) {
	dir, err := cacheDir(getenv)
	if err != nil {
		return peers.Flask{}, err
	}
	return peers.InstallFlask(ctx, dir)
}

func rowNames() string {
	var all []string
	for _, r := range findRows() {
		all = append(all, r.name)
	}
	return strings.Join(all, ",")
}
