package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os/exec"
	"time"

	"github.com/glarimy/ums/bench/steady"
)

// around is how long the load lasts before the command begins and after it has ended.
const around = 5 * time.Second

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("steady", flag.ContinueOnError)
	base := flags.String("url", "http://localhost:30080", "of the gateway")
	rate := flags.Int("rate", 50, "requests a second")
	writes := flags.Int("writes", 5, "one request in so many adds or changes a user")
	if err := flags.Parse(args); err != nil {
		return fmt.Errorf("read the flags: %w", err)
	}
	if flags.NArg() == 0 || *rate < 1 || *writes < 1 {
		return errors.New("name the command to run, after --; rate and writes are 1 or more")
	}
	loading, stop := context.WithCancel(ctx)
	defer stop()
	reports := make(chan steady.Report, 1)
	go func() {
		run := time.Now().Format("0102-150405")
		reports <- steady.New(steady.Load{URL: *base, Run: run, Rate: *rate, Writes: *writes}).Send(loading)
	}()
	begun := time.Now()
	pause(ctx)
	command := exec.CommandContext(ctx, flags.Arg(0), flags.Args()[1:]...) //nolint:gosec // the command is the user's
	command.Stdout, command.Stderr = out, out
	failed := command.Run()
	pause(ctx)
	stop()
	report := <-reports
	fmt.Fprintf(out, "%s at %d/s: %d sent, %d failed %v, %d stale, longest gap %s (writes %s), "+
		"p50 %s, p99 %s; %d acknowledged, %d lost\n",
		time.Since(begun).Round(time.Second), *rate, report.Sent, report.Failures(""), report.Failed, len(report.Stale),
		report.LongestGap.Round(time.Millisecond), report.WriteGap.Round(time.Millisecond),
		report.P50, report.P99, report.Acked, len(report.Lost))
	if len(report.Lost) > 0 {
		return fmt.Errorf("%d acknowledged users are lost, as %q", len(report.Lost), report.Lost[0])
	}
	return failed
}

func pause(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(around):
	}
}
