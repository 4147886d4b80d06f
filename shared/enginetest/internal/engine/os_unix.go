//go:build unix

package engine

import (
	"os"
	"os/exec"
	"syscall"
)

// detach keeps the signals of the terminal, such as Ctrl-C, from a child: whoever started it ends it, in order.
func detach(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}

func terminate(p *os.Process) error { return p.Signal(syscall.SIGTERM) }
func suspend(p *os.Process) error   { return p.Signal(syscall.SIGSTOP) }
func wake(p *os.Process) error      { return p.Signal(syscall.SIGCONT) }

// tryLock takes the lock of an open file if no other open file has it. It ends with the file, or the process.
func tryLock(f *os.File) error {
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
}
