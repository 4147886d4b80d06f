package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"time"

	"github.com/glarimy/ums/shared/enginetest/internal/engine"
)

// startWait bounds the start of the servers: an image may have to be pulled or a package to be installed first.
const startWait = 10 * time.Minute

// surroundings is what the program meets outside of itself.
type surroundings struct {
	host           *engine.Host
	environ        []string // for the command
	stdin          io.Reader
	stdout, stderr io.Writer
	signals        <-chan os.Signal // passed on to the command; before, they end the start of the servers
}

// run returns the exit code.
func run(args []string, s surroundings) int {
	flags := flag.NewFlagSet("engines", flag.ContinueOnError)
	flags.SetOutput(s.stderr)
	mysql := flags.Bool("mysql", true, "have MySQL in TEST_DATABASE_URL")
	disk := flags.Bool("disk", false, "have MySQL keep its data on disk, for measurements")
	redis := flags.Bool("redis", true, "have Redis in TEST_REDIS_URL")
	kafka := flags.Bool("kafka", false, "have Kafka in TEST_KAFKA_URL, if there is Java")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return 2
	}
	if flags.NArg() == 0 {
		fmt.Fprintln(s.stderr, "engines: name the command to run, as in: engines -- go test ./...")
		return 2
	}
	var wants []want
	if *mysql {
		sources := s.host.MySQLSources()
		if *disk {
			sources = s.host.DiskMySQLSources()
		}
		wants = append(wants, want{kind: "MySQL", variable: "TEST_DATABASE_URL", sources: sources})
	}
	if *redis {
		wants = append(wants, want{kind: "Redis", variable: "TEST_REDIS_URL", sources: s.host.SharedRedisSources()})
	}
	if *kafka {
		wants = append(wants, want{kind: "Kafka", variable: "TEST_KAFKA_URL", sources: s.host.KafkaSources(), optional: true})
	}
	code, err := s.with(wants, flags.Args())
	if err = errors.Join(err, s.host.Close()); err != nil {
		fmt.Fprintln(s.stderr, "engines:", err)
		code = max(code, 1)
	}
	return code
}

// with runs the command while the servers are there.
func (s surroundings) with(wants []want, command []string) (code int, err error) {
	servers, err := s.start(wants)
	defer func() {
		for _, server := range servers {
			if server != nil {
				err = errors.Join(err, server.Close())
			}
		}
	}()
	if err != nil {
		return 1, err
	}
	env := slices.Clone(s.environ)
	for i, server := range servers {
		if server == nil {
			continue
		}
		env = append(env, wants[i].variable+"="+server.URL)
	}
	return s.command(command, env)
}

// command runs one and returns its exit code.
func (s surroundings) command(args, env []string) (int, error) {
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = env, s.stdin, s.stdout, s.stderr
	if err := cmd.Start(); err != nil {
		return 1, fmt.Errorf("run the command: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case sig := <-s.signals:
			_ = cmd.Process.Signal(sig) // it may just have ended
		case err := <-ended:
			if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && exit.Exited() {
				return exit.ExitCode(), nil
			}
			if err != nil {
				return 1, fmt.Errorf("run the command: %w", err)
			}
			return 0, nil
		}
	}
}
