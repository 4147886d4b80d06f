//go:build unix

package firstrun

import (
	"os/exec"
	"syscall"
)

// ownGroup puts the command and what it starts in a process group, so that Ctrl-C can be played to `go run`'s child.
func ownGroup(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

func interruptGroup(c *exec.Cmd) { _ = syscall.Kill(-c.Process.Pid, syscall.SIGINT) }
