package process

import (
	"os/exec"
	"syscall"
)

// ownSession keeps the signals of the terminal, such as Ctrl-C, from the server: it is this process that ends it, or the
// kernel with the given signal, if there is one, when this process has ended.
func ownSession(cmd *exec.Cmd, end syscall.Signal) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: end}
}
