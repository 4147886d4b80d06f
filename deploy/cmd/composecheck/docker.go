package main

import (
	"context"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
)

// composition is one running docker-compose.yml.
type composition struct {
	project string
	base    string // the gateway's URL
	environ []string
	out     io.Writer
}

// compose runs `docker compose`; its output is shown if it fails.
func (c composition) compose(ctx context.Context, args ...string) error {
	_, err := c.docker(ctx, append([]string{"compose", "--project-name", c.project}, args...)...)
	return err
}

// conformance runs the suite, and says of what it passed how much that was, and of the rest all.
func (c composition) conformance(ctx context.Context) error {
	command := exec.CommandContext(ctx, "go", "run", "./conformance", "-slot", "all", "-url", c.base) //nolint:gosec // its own
	output, err := command.CombinedOutput()
	fmt.Fprintf(c.out, "conformance: %s\n", notable(string(output)))
	if err != nil {
		return fmt.Errorf("the conformance suite against compose: %w", err)
	}
	return nil
}

// notable leaves out the lines of clauses that passed.
func notable(output string) string {
	lines := strings.Split(strings.TrimSpace(output), "\n")
	return strings.Join(slices.DeleteFunc(lines, func(line string) bool { return strings.HasPrefix(line, "ok ") }), "\n")
}

// kill ends a container's process from outside, as the kernel would. `docker kill` is the operator's wish, after which
// Docker does not start it again.
func (c composition) kill(ctx context.Context, service string) error {
	id, err := c.docker(ctx, "compose", "--project-name", c.project, "ps", "--quiet", service)
	if err != nil {
		return err
	}
	pid, err := c.docker(ctx, "inspect", "--format", "{{.State.Pid}}", strings.TrimSpace(id))
	if err != nil {
		return err
	}
	_, err = c.docker(ctx, "run", "--rm", "--pid", "host", "--user", "0:0", "--cap-add", "KILL",
		"--network", "none", "--entrypoint", "sh", "redis:8.0", "-c", "kill -9 "+strings.TrimSpace(pid))
	return err
}

// recover waits until everything is healthy again. Docker calls a container that has just died unhealthy until it has
// started it again, and compose gives up at once where it sees that.
func (c composition) recover(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, recovery)
	defer cancel()
	for {
		err := c.compose(ctx, "up", "--wait", "--no-recreate")
		if err == nil || ctx.Err() != nil {
			return err
		}
		pause(ctx, settle)
	}
}

// docker returns what the command printed; an error holds it too.
func (c composition) docker(ctx context.Context, args ...string) (string, error) {
	command := exec.CommandContext(ctx, "docker", args...) //nolint:gosec // the arguments are this program's own
	command.Env = c.environ
	output, err := command.CombinedOutput()
	if err != nil {
		return string(output), fmt.Errorf("docker %s: %w\n%s", strings.Join(args, " "), err, output)
	}
	return string(output), nil
}

// remove takes everything down, also when ctx has ended.
func (c composition) remove(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanup)
	defer cancel()
	return c.compose(ctx, "down", "--volumes")
}
