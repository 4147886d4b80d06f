// Package process runs a server in a process of its own and tells how much CPU time it used.
package process

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// Command is how to start a server. It must listen on Addr and end when its standard input does, which happens when
// this process ends, however it ends; or have a Signal.
type Command struct {
	Name string   // in messages, and of the file with the output
	Path string   // of the program
	Args []string // without the program's name
	Env  []string // all of it
	Addr string   // where the server will listen

	// Signal ends a server that does not watch its standard input. Linux sends it when this process ends, too.
	Signal syscall.Signal
	Grace  time.Duration // how long it may take to end when it is told to; 30 s where it is zero
}

// Process is a running server. Its methods are for one goroutine at a time.
type Process struct {
	Command

	cmd    *exec.Cmd
	stdin  io.Closer
	output string // a file
	ended  chan struct{}
}

// Start starts the server in a session of its own, with its output in a file in dir. It does not wait until the server
// answers: see Wait.
func Start(c Command, dir string) (*Process, error) {
	p := &Process{Command: c, output: filepath.Join(dir, c.Name+".log"), ended: make(chan struct{})}
	output, err := os.Create(p.output)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", c.Name, err)
	}
	defer func() { _ = output.Close() }() // the server has its own
	//nolint:gosec,noctx // it is a program of the benchmark's own; Stop ends it in good order
	p.cmd = exec.Command(c.Path, c.Args...)
	p.cmd.Env, p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr = c.Env, dir, output, output
	ownSession(p.cmd, c.Signal)
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		return nil, fmt.Errorf("start %s: %w", c.Name, err)
	}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", c.Name, err)
	}
	go func() {
		_ = p.cmd.Wait() // how it ended is in its output
		close(p.ended)
	}()
	return p, nil
}

// Wait tries ready every 20 ms until it succeeds. The error tells why it did not before ctx ended, or that the server
// ended.
func (p *Process) Wait(ctx context.Context, ready func(context.Context) error) error {
	pause := time.NewTicker(20 * time.Millisecond)
	defer pause.Stop()
	for {
		err := ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-p.ended:
			return fmt.Errorf("%s ended by itself: %s", p.Name, p.tail())
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready: %w", p.Name, err)
		case <-pause.C:
		}
	}
}

// CPU returns the CPU time, user and system, of all threads of the process since its start.
func (p *Process) CPU() (time.Duration, error) {
	spent, err := cpu(p.cmd.Process.Pid)
	if err != nil {
		return 0, fmt.Errorf("ask for the CPU time of %s: %w", p.Name, err)
	}
	return spent, nil
}

// Usage returns what the whole session has used: the server and all processes that it has started and that are still there.
// Only Linux tells it.
func (p *Process) Usage() (Usage, error) {
	u, err := usage(p.cmd.Process.Pid)
	if err != nil {
		return Usage{}, fmt.Errorf("ask what %s has used: %w", p.Name, err)
	}
	return u, nil
}

// Usage is what processes have used.
type Usage struct {
	CPU    time.Duration // user and system, since they started
	Memory int64         // resident, in bytes; what processes share is counted once
}

// Stop ends the server, by force if it takes too long, and waits until it has ended. It may be called again.
func (p *Process) Stop() error {
	grace := cmp.Or(p.Grace, 30*time.Second)
	_ = p.stdin.Close() // a second time it has been closed already
	if p.Signal != 0 {
		_ = p.cmd.Process.Signal(p.Signal) // it may have ended
	}
	select {
	case <-p.ended:
		return nil
	case <-time.After(grace):
	}
	err := fmt.Errorf("%s did not end within %v of being told to, and was killed: %s", p.Name, grace, p.tail())
	if kill := p.cmd.Process.Kill(); kill != nil && !errors.Is(kill, os.ErrProcessDone) {
		return errors.Join(err, kill)
	}
	<-p.ended
	return err
}

// tail returns the end of the output.
func (p *Process) tail() string {
	const lines = 3
	output, err := os.ReadFile(p.output)
	if err != nil {
		return err.Error()
	}
	all := bytes.Split(bytes.TrimSpace(output), []byte("\n"))
	return string(bytes.Join(all[max(0, len(all)-lines):], []byte(" | ")))
}
