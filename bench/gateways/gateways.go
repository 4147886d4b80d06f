// Package gateways measures UMS's gateway beside others that people use, on this machine: the same single route to the same
// upstream, every server in a process and a session of its own, in turns.
package gateways

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/glarimy/ums/bench/apart"
	"github.com/glarimy/ums/bench/process"
	"github.com/glarimy/ums/bench/report"
	"github.com/glarimy/ums/shared/program"
)

// Bench is the benchmark. It starts its upstream in a process of its own, which is this program again with the arguments
// "serve" and a name.
type Bench struct {
	Stdin    io.Reader // whose end ends an upstream
	Progress io.Writer // is told what is being done

	apart bool // this process is in a network of its own
}

// options are what the command line says.
type options struct {
	rounds      int
	duration    time.Duration
	connections int
	rate        float64
	idle        int
	peers       string
	root        string
	gateway     string
	env         list
	overload    bool
	safety      bool
	shared      bool
	out         string
}

// list is a flag that may be given more than once.
type list []string

// String is the flag's default for people.
func (l *list) String() string { return strings.Join(*l, " ") }

// Set adds a value.
func (l *list) Set(value string) error { *l = append(*l, value); return nil }

// Run is the command.
func (b Bench) Run(ctx context.Context, args []string, getenv func(string) string, stdout io.Writer) error {
	if len(args) > 0 && args[0] == "serve" {
		return b.serve(ctx, args[1:], getenv, stdout)
	}
	if len(args) > 0 && args[0] == joined {
		if err := apart.Join(); err != nil {
			return &program.ExitError{Status: NotJoined, Err: err}
		}
		b.apart, args = true, append(args[1:], "-shared")
	}
	o, err := parseOptions(args, b.Progress)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	if !o.shared && !o.safety {
		return b.runApart(ctx, o, args, getenv, stdout)
	}
	return b.run(ctx, o, getenv, stdout)
}

func parseOptions(args []string, output io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("gateways", flag.ContinueOnError)
	flags.SetOutput(output)
	flags.IntVar(&o.rounds, "rounds", 9, "how often each gateway is measured")
	flags.DurationVar(&o.duration, "duration", 3*time.Second, "how long each time, once in a closed and once in an open loop")
	flags.IntVar(&o.connections, "connections", 64, "keep-alive connections that ask at the same time")
	flags.Float64Var(&o.rate, "rate", 4000, "requests a second of the open loop")
	flags.IntVar(&o.idle, "idle", 1000, "idle connections at which memory is measured")
	flags.StringVar(&o.peers, "peers", "", "the gateways to measure, separated by commas, if not all: "+peerNames())
	flags.StringVar(&o.root, "root", ".", "the tree's root")
	flags.StringVar(&o.gateway, "gateway", "", "our gateway's `program`, if it is not to be built")
	flags.Var(&o.env, "env", "a `NAME=value` in the environment of our gateway; may be repeated")
	flags.BoolVar(&o.overload, "overload", false, "ask for twice of what can be served of our gateway, and nothing else")
	flags.BoolVar(&o.safety, "safety", false, "run the safety table against our gateway and nginx, and nothing else")
	flags.BoolVar(&o.shared, "shared", false, "measure in the machine's network, through its packet filter, and not in one apart")
	flags.StringVar(&o.out, "out", "", "write the result to this Markdown `file`, and plots beside it, in place of stdout")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if o.gateway != "" { // it is started in a folder of its own
		var err error
		if o.gateway, err = filepath.Abs(o.gateway); err != nil {
			return o, err
		}
	}
	switch {
	case flags.NArg() > 0:
		return o, fmt.Errorf("unknown argument %q: see -help", flags.Arg(0))
	case o.rounds < 1 || o.duration <= 0 || o.connections < 1 || o.rate <= 0 || o.idle < 0:
		return o, errors.New("rounds, duration, connections and rate must be positive")
	}
	return o, nil
}

// run is one run of the benchmark.
type run struct {
	options  options
	apart    bool   // in a network of its own
	dir      string // for files and output of servers
	tools    tools
	progress io.Writer
	busy     string // the machine's load before

	upstreams []*process.Process
	servers   []*server
	notes     []string // for the reader of the result
	stolen    stolen   // by the machine's host

	issued *issued // the issuer of tokens; nil until it is needed
}

func (b Bench) run(ctx context.Context, o options, getenv func(string) string, stdout io.Writer) (err error) {
	r := &run{options: o, apart: b.apart, progress: b.Progress, busy: report.LoadAverage()}
	if r.dir, err = os.MkdirTemp("", "ums-bench-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(r.dir)) }()
	if r.tools, err = newTools(o.root, getenv, r.say); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	var result string
	switch {
	case o.safety:
		result, err = r.compareSafety(ctx)
	case o.overload:
		result, err = r.overload(ctx)
	default:
		result, err = r.measureAll(ctx)
	}
	if err != nil {
		return err
	}
	if o.out != "" {
		return os.WriteFile(o.out, []byte(result), 0o644) //nolint:gosec // a page of documentation
	}
	_, err = io.WriteString(stdout, result)
	return err
}

// newTools keeps what it builds in .tools of the tree.
func newTools(root string, getenv func(string) string, say func(string, ...any)) (tools, error) {
	dir, err := filepath.Abs(filepath.Join(root, ".tools"))
	if err != nil {
		return tools{}, err
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return tools{}, err
	}
	env := []string{"CGO_ENABLED=0", "GOWORK=off", "DEBIAN_FRONTEND=noninteractive"}
	for _, name := range []string{
		"PATH", "HOME", "TMPDIR", "GOPATH", "GOCACHE", "GOMODCACHE", "GOPROXY", "GOSUMDB", "GOFLAGS", "GOTOOLCHAIN",
		"http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "SSL_CERT_FILE",
	} {
		if value := getenv(name); value != "" {
			env = append(env, name+"="+value)
		}
	}
	return tools{dir: dir, env: env, say: say}, nil
}

// serve is an upstream or the sketch, until ctx or the standard input ends.
func (b Bench) serve(ctx context.Context, args []string, getenv func(string) string, stdout io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		_, _ = io.Copy(io.Discard, b.Stdin)
		cancel()
	}()
	switch {
	case len(args) == 1 && args[0] == "upstream":
		return runUpstream(ctx, nil, getenv, stdout)
	case len(args) == 1 && args[0] == "sketch":
		return runSketch(ctx, nil, getenv, stdout)
	}
	return errors.New("serve takes upstream or sketch")
}

// self is this program again.
func (r *run) self(name string) (process.Command, error) {
	self, err := os.Executable()
	if err != nil {
		return process.Command{}, fmt.Errorf("find this program, to start it once more: %w", err)
	}
	return process.Command{Name: name, Path: self, Args: []string{"serve", name}}, nil
}

// close ends everything that was started.
func (r *run) close() error {
	var errs []error
	for _, s := range r.servers {
		errs = append(errs, s.process.Stop())
	}
	for _, u := range r.upstreams {
		errs = append(errs, u.Stop())
	}
	return errors.Join(errs...)
}

func (r *run) say(format string, a ...any) { fmt.Fprintf(r.progress, "bench: "+format+"\n", a...) }
