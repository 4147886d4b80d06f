package gateways

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Versions of what is built from Go modules. Debian decides those of its packages.
const (
	traefikModule, traefikVersion = "github.com/traefik/traefik/v3", "v3.6.12"
	caddyModule, caddyVersion     = "github.com/caddyserver/caddy/v2", "v2.11.9"
)

// tools builds and finds programs. What it builds stays in dir.
type tools struct {
	dir string   // absolute
	env []string // of the commands that it runs
	say func(format string, a ...any)
}

// module builds a command of a module as the module itself says: with its own go.sum and its own replacements, which
// `go install` would refuse.
func (t tools) module(ctx context.Context, name, module, version, command string) (string, error) {
	program := filepath.Join(t.dir, name+"-"+version)
	if _, err := os.Stat(program); err == nil {
		return program, nil
	}
	t.say("building %s %s, once", name, version)
	out, err := t.run(ctx, t.dir, "go", "mod", "download", "-json", module+"@"+version)
	var downloaded struct{ Dir, Error string }
	if parsed := json.Unmarshal(out, &downloaded); parsed != nil || downloaded.Dir == "" {
		return "", fmt.Errorf("download %s %s: %w: %s", module, version, errors.Join(err, parsed), downloaded.Error)
	}
	if _, err := t.run(ctx, downloaded.Dir, "go", "build", "-trimpath", "-o", program, command); err != nil {
		return "", err
	}
	return program, nil
}

// packaged returns a program of a Debian package, which it installs if this process may.
func (t tools) packaged(ctx context.Context, name string) (string, error) {
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	if path := "/usr/sbin/" + name; isFile(path) {
		return path, nil
	}
	if os.Geteuid() != 0 {
		return "", fmt.Errorf("%s is not installed: apt-get install %s", name, name)
	}
	t.say("installing %s", name)
	if _, err := t.run(ctx, t.dir, "apt-get", "update", "-qq"); err != nil {
		return "", err
	}
	if _, err := t.run(ctx, t.dir, "apt-get", "install", "-qq", "-y", "--no-install-recommends", name); err != nil {
		return "", err
	}
	return exec.LookPath(name)
}

// ours builds the gateway of the tree at root.
func (t tools) ours(ctx context.Context, root string) (string, error) {
	program := filepath.Join(t.dir, "gateway-bench")
	_, err := t.run(ctx, filepath.Join(root, "gateway"), "go", "build", "-trimpath", "-o", program, "./cmd/gateway")
	return program, err
}

// version returns the first line of what a program says of itself.
func (t tools) version(ctx context.Context, program string, args ...string) string {
	cmd := exec.CommandContext(ctx, program, args...) //nolint:gosec // a program that is to be measured
	cmd.Env = t.env
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "of unknown version"
	}
	line, _, _ := strings.Cut(string(bytes.TrimSpace(out)), "\n")
	return line
}

func (t tools) run(ctx context.Context, dir, program string, args ...string) ([]byte, error) {
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, program, args...) //nolint:gosec // built from constants
	cmd.Dir, cmd.Env, cmd.Stderr = dir, t.env, &stderr
	out, err := cmd.Output()
	if err != nil {
		return out, fmt.Errorf("%s %s: %w: %.300s", program, strings.Join(args, " "), err, stderr.String())
	}
	return out, nil
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
