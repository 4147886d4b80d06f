package main

import (
	"context"
	"fmt"
	"io"
	"os/exec"
	"strings"
)

// composition is one running docker-compose.yml.
type composition struct {
	project string
	environ []string
	out     io.Writer
}

// compose runs `docker compose`; its output is shown if it fails.
func (c composition) compose(ctx context.Context, args ...string) error {
	_, err := c.command(ctx, "docker", append([]string{"compose", "--project-name", c.project}, args...)...)
	return err
}

func (c composition) conformance(ctx context.Context) error {
	output, err := c.command(ctx, "go", "run", "./conformance", "-slot", "all", "-url", base)
	lines := strings.Split(strings.TrimSpace(output), "\n")
	fmt.Fprintf(c.out, "conformance: %s\n", lines[len(lines)-1])
	return err
}

// kill ends a container's process from outside, as the kernel would. `docker kill` is the operator's wish, after which
// Docker does not start it again.
func (c composition) kill(ctx context.Context, service string) error {
	id, err := c.command(ctx, "docker", "compose", "--project-name", c.project, "ps", "--quiet", service)
	if err != nil {
		return err
	}
	pid, err := c.command(ctx, "docker", "inspect", "--format", "{{.State.Pid}}", strings.TrimSpace(id))
	if err != nil {
		return err
	}
	_, err = c.command(ctx, "docker", "run", "--rm", "--pid", "host", "--user", "0:0", "--cap-add", "KILL",
		"--network", "none", "--entrypoint", "sh", "redis:8.0", "-c", "kill -9 "+strings.TrimSpace(pid))
	return err
}

func (c composition) command(ctx context.Context, name string, args ...string) (string, error) {
	command := exec.CommandContext(ctx, name, args...) //nolint:gosec // the arguments are this program's own
	command.Env = c.environ
	output, err := command.CombinedOutput()
	if err != nil {
		return string(output), fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, output)
	}
	return string(output), nil
}
