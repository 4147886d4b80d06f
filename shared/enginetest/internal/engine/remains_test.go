package engine_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/glarimy/ums/shared/enginetest/internal/engine"
)

// victimVariable makes a process of this test's program start a server from the source it names, and wait to be killed.
const victimVariable = "ENGINE_TEST_VICTIM"

// sourcesByName are all that start servers of their own.
func sourcesByName(host *engine.Host) map[string]engine.Source {
	sources := make(map[string]engine.Source)
	for _, s := range append(host.RedisSources()[1:3], host.MySQLSources()[1:3]...) {
		sources[s.Name] = s
	}
	return sources
}

// TestVictim is the process that TestNothingRemains kills.
//
//nolint:paralleltest // it is alone in its process
func TestVictim(t *testing.T) {
	name := os.Getenv(victimVariable)
	if name == "" {
		t.Skip("runs as a process of TestNothingRemains")
	}
	server, err := sourcesByName(engine.NewHost(io.Discard))[name].Start(t.Context())
	if err == nil && os.Getenv("PAUSED") != "" {
		err = server.Pause(t.Context())
	}
	if errors.Is(err, engine.ErrAbsent) {
		os.Stdout.WriteString("\nabsent " + err.Error() + "\n")
		return
	} else if err != nil {
		os.Stdout.WriteString("\nfailed " + err.Error() + "\n")
		return
	}
	os.Stdout.WriteString("\nready " + server.URL + "\n")
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// TestNothingRemains kills a process that has started a server, which leaves it no moment to clean up.
func TestNothingRemains(t *testing.T) {
	t.Parallel()
	for name := range sourcesByName(newHost(t)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			remainsNothing(t, name, "")
		})
		if strings.Contains(name, "redis") { // one that starts soon tells as much as the others
			t.Run(name+", paused", func(t *testing.T) {
				t.Parallel()
				remainsNothing(t, name, "1")
			})
		}
	}
}

func remainsNothing(t *testing.T, source, paused string) {
	t.Helper()
	temp := t.TempDir()
	url := killVictim(t, source, "TMPDIR="+temp, "PAUSED="+paused)
	probe := redisProbe
	if strings.HasPrefix(url, "mysql:") {
		probe = mysqlProbe
	}
	eventually(t, "the server to end", func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := probe(ctx, url)
		return err != nil && strings.Contains(err.Error(), "refused")
	})
	eventually(t, "its folder to go", func() bool {
		left, err := filepath.Glob(filepath.Join(temp, "enginetest-[0-9]*"))
		return err == nil && len(left) == 0
	})
}

// killVictim starts a process that starts a server, kills it with SIGKILL and returns the server's URL.
func killVictim(t *testing.T, source string, env ...string) string {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, "-test.run=^TestVictim$")
	cmd.Env = append(append(os.Environ(), victimVariable+"="+source), env...)
	if _, err := cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said, url := "", ""
	for lines := bufio.NewScanner(out); said == "" && lines.Scan(); {
		if word, rest, _ := strings.Cut(lines.Text(), " "); word == "ready" || word == "absent" || word == "failed" {
			said, url = word, rest
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Error(err)
	}
	_ = cmd.Wait() // it was killed
	switch said {
	case "ready":
	case "absent":
		t.Skip(url)
	default:
		t.Fatalf("the victim said %q: %s", said, url)
	}
	return url
}

// eventually waits until holds does.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-ctx.Done():
			t.Fatalf("waited in vain for %s", what)
		case <-tick.C:
		}
	}
}
