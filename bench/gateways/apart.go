package gateways

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"

	"github.com/glarimy/ums/bench/apart"
	"github.com/glarimy/ums/gateway/safety"
)

// joined is the first argument of this program in a network of its own.
const joined = "apart"

// NotJoined is the status of that process if it may not make its network usable.
const NotJoined = 3

// oneThread in the environment of the load and of the upstream has them run on one processor at a time, as other load
// generators do: what they would spend on looking for work on the others, the gateways lack.
const oneThread = "GOMAXPROCS=1"

// runApart runs the benchmark in a network of its own, where this process may make one and use it. Whatever has to be
// downloaded is made ready before.
func (b Bench) runApart(ctx context.Context, o options, args []string, getenv func(string) string, stdout io.Writer) error {
	if err := b.makeReady(ctx, o, getenv); err != nil {
		return err
	}
	cmd, err := apart.Command(ctx, append([]string{joined}, args...)...)
	if err == nil {
		cmd.Stdout, cmd.Stderr, cmd.Env = stdout, b.Progress, append(cmd.Environ(), oneThread)
		if err = cmd.Start(); err == nil {
			err = cmd.Wait()
			if ended, ok := errors.AsType[*exec.ExitError](err); !ok || ended.ExitCode() != NotJoined {
				return err
			}
		}
	}
	fmt.Fprintf(b.Progress, "bench: in the machine's network, through its packet filter: %v\n", err)
	return b.run(ctx, o, getenv, stdout)
}

// makeReady builds and installs the chosen gateways.
func (b Bench) makeReady(ctx context.Context, o options, getenv func(string) string) (err error) {
	if o.overload {
		o.peers = ours
	}
	chosen, err := choosePeers(o.peers)
	if err != nil {
		return err
	}
	r := &run{options: o, progress: b.Progress}
	if r.dir, err = os.MkdirTemp("", "ums-bench-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(r.dir)) }()
	if r.tools, err = newTools(o.root, getenv, r.say); err != nil {
		return err
	}
	issued, err := newIssued()
	if err != nil {
		return err
	}
	for _, p := range chosen {
		s := site{dir: r.dir, oneRoute: true, limited: p.limited, issued: issued, routes: []safety.Route{{}}}
		if _, _, err := p.prepare(ctx, r, s); err != nil {
			r.say("without %s: %v", p.name, err) // as the run will say
		}
	}
	return nil
}
