package engine

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// installScript installs the package $1 without starting what it brings: a policy-rc.d that says 101 forbids that. The
// file is made only if the machine has none, and goes whatever happens. The lists of packages are fetched only if the
// installation fails without.
const installScript = `
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
	trap 'rm -f "$policy"' EXIT
	trap 'exit 1' HUP INT TERM
	printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy"
fi
apt() { apt-get -q -y -o DPkg::Lock::Timeout=300 -o Acquire::Retries=1 -o Acquire::http::Timeout=20 "$@"; }
apt --no-install-recommends install "$1" || { apt update && apt --no-install-recommends install "$1"; }
`

// installWait is how long an installation may take, the wait for another process's included.
const installWait = 10 * time.Minute

// install gets a package with apt-get unless one of its programs is there. Processes do so one after the other.
func (h *Host) install(ctx context.Context, name string, programs ...string) error {
	if _, err := os.Stat("/etc/debian_version"); err != nil {
		return absent("this is no Debian")
	}
	if h.Euid != 0 {
		return absent("only root can install packages")
	}
	apt, err := h.lookPath("apt-get")
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, installWait)
	defer cancel()
	unlock, err := h.lockInstallation(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if _, err := h.lookPath(programs...); err == nil {
		return nil
	}
	fmt.Fprintf(h.Log, "enginetest: installing %s with %s\n", name, apt)
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", installScript, "enginetest-install", name)
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive", "RUNLEVEL=1")
	detach(cmd)
	cmd.Cancel = func() error { return terminate(cmd.Process) }
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("install %s: %w: %s", name, err, tail(out))
	}
	return nil
}

// lookServer is lookPath that waits while another process is installing: a program may be there before the files that
// it needs.
func (h *Host) lookServer(ctx context.Context, names ...string) (string, error) {
	if h.Euid == 0 {
		unlock, err := h.lockInstallation(ctx)
		if err != nil {
			return "", err
		}
		defer unlock()
	}
	return h.lookPath(names...)
}

func (h *Host) lockInstallation(ctx context.Context) (unlock func(), err error) {
	folder, err := lockFolder()
	if err != nil {
		return nil, err
	}
	unlock, err = waitLock(ctx, filepath.Join(folder, "apt"))
	if err != nil {
		return nil, fmt.Errorf("wait for another installation: %w", err)
	}
	return unlock, nil
}
