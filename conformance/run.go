package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"github.com/glarimy/ums/conformance/contract"
)

// Exit codes.
const (
	exitKept   = 0
	exitBroken = 1
	exitNotRun = 2
)

// run is the program but for the process around it. It returns the exit code.
func run(ctx context.Context, args []string, getenv func(string) string, stdout io.Writer) int {
	o, err := parseOptions(args, getenv, stdout)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitKept
	case err != nil:
		return complain(stdout, err)
	}
	var clauses []contract.Clause
	for _, c := range contract.Clauses(o.slot) {
		if o.match.MatchString(c.ID) {
			clauses = append(clauses, c)
		}
	}
	if len(clauses) == 0 {
		return complain(stdout, fmt.Errorf("no clause of the slot %s matches -run %s", o.slot, o.match))
	}
	if o.list {
		for _, c := range clauses {
			say(stdout, "%s  %s\n", c.ID, c.Says)
		}
		return exitKept
	}
	trace := newTrace(stdout, o.verbose)
	client, err := contract.NewClient(contract.Options{
		URL: o.url, WriteURL: o.writeURL, Lag: o.lag, Settle: o.settle, Trace: trace.line,
	})
	if err == nil {
		err = reach(ctx, client, o)
	}
	if err != nil {
		return complain(stdout, err)
	}
	return check(ctx, client, clauses, o.timeout, stdout, trace)
}

func reach(ctx context.Context, client *contract.Client, o options) error {
	ctx, cancel := context.WithTimeout(ctx, min(o.timeout, 10*time.Second))
	defer cancel()
	if err := client.Reach(ctx, o.slot); err != nil || o.match.String() != "" {
		return err // with -run, clauses may be meant that a slot keeps before anything fills it: probes and errors
	}
	return client.Filled(ctx, o.slot)
}

// check runs the clauses one after the other and prints a line for each, and the summary.
func check(ctx context.Context, client *contract.Client, clauses []contract.Clause, timeout time.Duration,
	stdout io.Writer, trace *trace,
) int {
	var passed, failed, skipped int
	for _, c := range clauses {
		if ctx.Err() != nil {
			skipped++
			continue
		}
		trace.reset()
		begun := time.Now()
		err := checkOne(ctx, client, c, timeout)
		took := time.Since(begun).Round(time.Millisecond)
		switch {
		case err == nil:
			passed++
			say(stdout, "ok   %s  %s (%s)\n", c.ID, c.Says, took)
		case errors.Is(err, contract.ErrSkip):
			skipped++
			say(stdout, "skip %s  %s: %v\n", c.ID, c.Says, err)
		default:
			failed++
			say(stdout, "FAIL %s  %s (%s): %v\n", c.ID, c.Says, took, err)
		}
	}
	say(stdout, "%d passed, %d failed, %d skipped\n", passed, failed, skipped)
	switch {
	case failed > 0:
		return exitBroken
	case ctx.Err() != nil:
		return exitNotRun
	default:
		return exitKept
	}
}

func checkOne(ctx context.Context, client *contract.Client, c contract.Clause, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return c.Check(ctx, client)
}

func complain(stdout io.Writer, err error) int {
	say(stdout, "conformance: %v\n", err)
	return exitNotRun
}

// say prints. That nobody listens is no reason to stop: the exit code still tells.
func say(w io.Writer, format string, args ...any) { _, _ = fmt.Fprintf(w, format, args...) }
