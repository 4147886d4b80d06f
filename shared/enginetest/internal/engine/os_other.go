//go:build !unix

package engine

import (
	"errors"
	"os"
	"os/exec"
)

var errNotUnix = errors.New("needs a Unix system")

func detach(*exec.Cmd) {}

func terminate(p *os.Process) error { return p.Kill() }
func suspend(*os.Process) error     { return errNotUnix }
func wake(*os.Process) error        { return errNotUnix }
func tryLock(*os.File) error        { return errNotUnix }
