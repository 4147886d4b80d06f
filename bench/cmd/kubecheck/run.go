package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/glarimy/ums/bench/outage"
	"github.com/glarimy/ums/bench/steady"
)

const (
	clients   = 32 // that find out what the system bears
	measuring = 10 * time.Second
	share     = 5                      // the load is that part of it
	oneWrite  = 5                      // in so many requests
	lateness  = 100 * time.Millisecond // of the load that is told
	slowest   = 10                     // requests a second, however little the system bears
)

type options struct {
	url, namespace  string
	deleting, every time.Duration
	conformance     bool
	only            string
}

func parse(args []string) (o options, err error) {
	flags := flag.NewFlagSet("kubecheck", flag.ContinueOnError)
	flags.StringVar(&o.url, "url", "", "of the gateway (default: its NodePort)")
	flags.StringVar(&o.namespace, "namespace", "ums", "of the system")
	flags.DurationVar(&o.deleting, "deleting", 2*time.Minute, "how long pods are deleted")
	flags.DurationVar(&o.every, "every", 4*time.Second, "time between two deleted pods")
	flags.BoolVar(&o.conformance, "conformance", true, "run conformance after each outage")
	flags.StringVar(&o.only, "only", "", "do what has this in its title, as killed (default: all)")
	return o, flags.Parse(args)
}

func run(ctx context.Context, args []string, out io.Writer) error {
	o, err := parse(args)
	if err != nil {
		return fmt.Errorf("read the flags: %w", err)
	}
	cluster, err := outage.Connect(ctx, o.namespace)
	if err != nil {
		return err
	}
	defer cluster.Close()
	if o.url == "" {
		if o.url, err = cluster.NodePort(ctx); err != nil {
			return err
		}
	}
	bus, err := cluster.Bus(ctx)
	if err != nil {
		return err
	}
	load := steady.Load{URL: o.url, Run: time.Now().Format("150405") + " capacity", Writes: oneWrite}
	capacity := steady.Capacity(ctx, load, clients, measuring)
	load.Rate = max(int(capacity/share), slowest)
	fmt.Fprintf(out, "%d clients get %.0f answers a second; the load is %d a second, one in %d a write\n\n",
		clients, capacity, load.Rate, oneWrite)
	fmt.Fprintln(out, "| what is done | failed | longest time without an answer (a write) | p99 | "+
		"stale reads (unconfirmed fences) | writes lost | events lost, doubled | conformance |")
	fmt.Fprintln(out, "|---|---|---|---|---|---|---|---|")
	var faults []error
	for number, step := range outage.Steps(o.deleting, o.every, bus) {
		if !strings.Contains(step.Title, o.only) {
			continue
		}
		load.Run = fmt.Sprintf("%s outage %d", time.Now().Format("150405"), number)
		outcome, err := outage.Measure(ctx, cluster, step, load)
		if err != nil {
			return err
		}
		contracts, err := conformance(ctx, o)
		for _, fault := range outcome.Faults {
			faults = append(faults, fmt.Errorf("%s: %s", step.Title, fault))
		}
		faults = append(faults, err)
		fmt.Fprintln(out, row(outcome, contracts))
	}
	return errors.Join(faults...)
}

// conformance returns the last line that the suite prints.
func conformance(ctx context.Context, o options) (string, error) {
	if !o.conformance {
		return "not run", nil
	}
	output, err := exec.CommandContext(ctx, "go", "run", "./conformance", "-slot", "all", "-url", o.url).CombinedOutput() //nolint:gosec,lll // the user's own URL
	lines := strings.Split(strings.TrimSpace(string(output)), "\n")
	if err != nil {
		wrong := slices.DeleteFunc(slices.Clone(lines), func(line string) bool { return strings.HasPrefix(line, "ok ") })
		return lines[len(lines)-1], fmt.Errorf("conformance: %w\n%s", err, strings.Join(wrong, "\n"))
	}
	return lines[len(lines)-1], nil
}

// row is one line of the table.
func row(o outage.Outcome, contracts string) string {
	r := o.Report
	failed := fmt.Sprintf("%d of %d", r.Failures(""), r.Sent)
	if len(r.Failed) > 0 {
		failed += fmt.Sprintf(" %v", r.Failed)
	}
	if o.Recovered > 0 {
		failed += fmt.Sprintf(", the last one %s after the database was ready", o.Recovered.Round(time.Second/10))
	}
	gap := fmt.Sprintf("%s (%s)", r.LongestGap.Round(time.Millisecond), r.WriteGap.Round(time.Millisecond))
	if r.Stalled > lateness {
		gap += fmt.Sprintf("; the load itself stood still for %s", r.Stalled.Round(time.Millisecond))
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %d and %d excused (%.0f) | %d of %d | %d, %d of %d | %s |",
		o.Step.Title, failed, gap, r.P99.Round(time.Millisecond),
		o.Stale, len(r.Stale)-o.Stale, o.Unfenced, len(r.Lost), r.Acked,
		len(o.Events.Missing), len(o.Events.Doubled), r.Acked, contracts)
}
