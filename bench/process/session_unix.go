//go:build unix && !linux

package process

import (
	"os/exec"
	"syscall"
)

// ownSession keeps the signals of the terminal, such as Ctrl-C, from the server: it is this process that ends it.
func ownSession(cmd *exec.Cmd, _ syscall.Signal) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
}
