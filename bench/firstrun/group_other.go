//go:build !unix

package firstrun

import (
	"os"
	"os/exec"
)

func ownGroup(*exec.Cmd) {}

func interruptGroup(c *exec.Cmd) { _ = c.Process.Signal(os.Interrupt) }
