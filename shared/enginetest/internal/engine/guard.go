package engine

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
)

// guardScript reads what to look after from its standard input. The input ends when the process that holds the other
// end of the pipe does, however it does: then the script kills the servers named to it and removes their folder. A
// server may still be writing as it dies, hence the second and third try.
const guardScript = `
pids=
while read -r verb pid; do
	case $verb in
	watch) pids="$pids $pid" ;;
	forget)
		rest=
		for p in $pids; do [ "$p" = "$pid" ] || rest="$rest $p"; done
		pids=$rest
		;;
	esac
done
for p in $pids; do kill -KILL "$p"; done
rm -rf -- "$1" || { sleep 1; rm -rf -- "$1"; } || { sleep 5; rm -rf -- "$1"; }
`

// guardedDirs gives out folders for servers. A guard, a shell of its own, ends the servers and removes the folders when
// this process has ended, because a test binary has no moment of its own for that: os.Exit, a panic and SIGKILL run no
// cleanup.
type guardedDirs struct {
	mu    sync.Mutex
	root  string
	pipe  io.WriteCloser
	guard *exec.Cmd
	count int
}

// New makes a folder that only this user can read.
func (g *guardedDirs) New(name string) (string, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.root == "" {
		if err := g.open(); err != nil {
			return "", err
		}
	}
	g.count++
	dir := filepath.Join(g.root, fmt.Sprintf("%s-%d", name, g.count))
	return dir, os.Mkdir(dir, 0o700)
}

func (g *guardedDirs) open() error {
	root, err := os.MkdirTemp("", "enginetest-")
	if err != nil {
		return fmt.Errorf("make a folder for the servers: %w", err)
	}
	guard := exec.Command("/bin/sh", "-c", guardScript, "enginetest-guard", root)
	guard.Dir = "/"
	detach(guard)
	pipe, err := guard.StdinPipe()
	if err == nil {
		err = guard.Start()
	}
	if err != nil {
		return errors.Join(fmt.Errorf("start the guard of the servers: %w", err), os.RemoveAll(root))
	}
	g.root, g.pipe, g.guard = root, pipe, guard
	return nil
}

// Watch puts the process pid under guard.
func (g *guardedDirs) Watch(pid int) { g.tell("watch", pid) }

// Forget takes an ended process from it, as its number may be given to another one.
func (g *guardedDirs) Forget(pid int) { g.tell("forget", pid) }

func (g *guardedDirs) tell(verb string, pid int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.pipe != nil {
		fmt.Fprintln(g.pipe, verb, pid)
	}
}

// Close makes the guard do its work now and waits for it.
func (g *guardedDirs) Close() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.root == "" {
		return nil
	}
	err := errors.Join(g.pipe.Close(), g.guard.Wait())
	g.root, g.pipe, g.guard = "", nil, nil
	return err
}
