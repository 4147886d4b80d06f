package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// stopGrace is how long a server may take to end in good order.
const stopGrace = 30 * time.Second

// A program is a server program of this machine and how to run it privately.
type program struct {
	name string // of the folder and in messages
	path string
	// prepare, if not nil, makes the data folder before the first start.
	prepare func(ctx context.Context, dir string) error
	args    func(dir string, port int) []string
	url     func(port int) string
	// identify connects and returns what the server says it is. It must fail for a server that is not process pid.
	identify func(ctx context.Context, url string, pid int) (string, error)
	every    time.Duration // between two probes of readiness
	wait     time.Duration // at most, until it is ready
}

// process is a server that runs as a child of this process, listening on 127.0.0.1 only.
type process struct {
	program
	dirs *guardedDirs
	dir  string
	port int // fixed by the first start

	cmd   *exec.Cmd
	ended chan struct{} // closed after cmd has been waited for
}

// run starts p for the first time and returns it with its server's description.
func (h *Host) run(ctx context.Context, p program) (*Server, error) {
	dir, err := h.dirs.New(p.name)
	if err != nil {
		return nil, err
	}
	proc := &process{program: p, dirs: h.dirs, dir: dir}
	ctx, cancel := context.WithTimeout(ctx, p.wait)
	defer cancel()
	if p.prepare != nil {
		if err := p.prepare(ctx, dir); err != nil {
			return nil, errors.Join(err, proc.Close())
		}
	}
	var engine string
	err = onFreePort(func(port int) (err error) {
		proc.port = port
		engine, err = proc.start(ctx)
		return err
	})
	if err != nil {
		return nil, errors.Join(err, proc.Close())
	}
	return &Server{Control: proc, Engine: engine, URL: p.url(proc.port)}, nil
}

// start launches the server and waits until it answers.
func (p *process) start(ctx context.Context) (string, error) {
	if err := p.launch(); err != nil {
		return "", err
	}
	var engine string
	err := poll(ctx, p.every, func(ctx context.Context) (err error) {
		select {
		case <-p.ended:
			return errGone
		default:
			engine, err = p.identify(ctx, p.url(p.port), p.cmd.Process.Pid)
			return err
		}
	})
	if err == nil {
		return engine, nil
	}
	log, _ := os.ReadFile(p.logPath())
	if bytes.Contains(bytes.ToLower(log), []byte("address already in use")) {
		err = fmt.Errorf("%w: %w", errPortTaken, err)
	}
	return "", errors.Join(fmt.Errorf("start %s: %w; its log ends: %s", p.path, err, tail(log)), p.Kill(ctx))
}

func (p *process) logPath() string { return filepath.Join(p.dir, "log") }

// running says whether the server has been launched and has not ended.
func (p *process) running() bool {
	if p.cmd == nil {
		return false
	}
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// launch starts the program with its output in a file: a test binary's own output must not stay open after it.
func (p *process) launch() error {
	if p.running() {
		return fmt.Errorf("start %s: it is running", p.path)
	}
	log, err := os.Create(p.logPath())
	if err != nil {
		return fmt.Errorf("start %s: %w", p.path, err)
	}
	defer log.Close()
	cmd := exec.Command(p.path, p.args(p.dir, p.port)...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = p.dir, log, log
	detach(cmd)
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", p.path, err)
	}
	p.dirs.Watch(cmd.Process.Pid)
	p.cmd, p.ended = cmd, make(chan struct{})
	go func(ended chan<- struct{}) {
		_ = cmd.Wait() // how it ended is in its log
		p.dirs.Forget(cmd.Process.Pid)
		close(ended)
	}(p.ended)
	return nil
}

func (p *process) Kill(context.Context) error {
	if !p.running() {
		return nil
	}
	if err := p.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("kill %s: %w", p.name, err)
	}
	<-p.ended
	return nil
}

func (p *process) Stop(ctx context.Context) error {
	if !p.running() {
		return nil
	}
	if err := terminate(p.cmd.Process); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop %s: %w", p.name, err)
	}
	ctx, cancel := context.WithTimeout(ctx, stopGrace)
	defer cancel()
	select {
	case <-p.ended:
		return nil
	case <-ctx.Done():
		return errors.Join(fmt.Errorf("stop %s: it did not end in %v and was killed", p.name, stopGrace), p.Kill(ctx))
	}
}

func (p *process) Start(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, p.wait)
	defer cancel()
	_, err := p.start(ctx)
	return err
}

func (p *process) Pause(context.Context) error  { return suspend(p.cmd.Process) }
func (p *process) Resume(context.Context) error { return wake(p.cmd.Process) }

func (p *process) Close() error {
	return errors.Join(p.Kill(context.Background()), os.RemoveAll(p.dir))
}

// tail gives the last lines of a log on one line.
func tail(log []byte) string {
	lines := strings.Split(strings.TrimSpace(string(log)), "\n")
	return strings.Join(lines[max(0, len(lines)-5):], " | ")
}
