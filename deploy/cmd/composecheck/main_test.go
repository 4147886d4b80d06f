package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestMain lets this program be composecheck, so that a test can stop it.
func TestMain(m *testing.M) {
	if os.Getenv("COMPOSECHECK_TEST") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// TestStopped takes down what was started, by whatever signal the check is stopped.
func TestStopped(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for name, signal := range map[string]os.Signal{"interrupt": os.Interrupt, "terminate": syscall.SIGTERM} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			const docker = "#!/bin/sh\necho \"$@\" >>\"$CALLS\"\ncase \"$*\" in *build*) exec sleep 60 ;; esac\n"
			if err := os.WriteFile(filepath.Join(folder, "docker"), []byte(docker), 0o700); err != nil {
				t.Fatal(err)
			}
			calls := filepath.Join(folder, "calls")
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			t.Cleanup(cancel)
			check := exec.CommandContext(ctx, self)
			check.Env = append(os.Environ(), "COMPOSECHECK_TEST=1", "CALLS="+calls, "PATH="+folder+":"+os.Getenv("PATH"))
			if err := check.Start(); err != nil {
				t.Fatal(err)
			}
			again := time.NewTicker(10 * time.Millisecond)
			defer again.Stop()
			for called(calls) == "" && ctx.Err() == nil {
				<-again.C
			}
			if err := check.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			if err := check.Wait(); err == nil {
				t.Error("a check that was stopped ended well")
			}
			if got := called(calls); !strings.HasSuffix(got, " down --volumes\n") {
				t.Errorf("it ran\n%s", got)
			}
		})
	}
}

func called(path string) string {
	content, _ := os.ReadFile(path) // there is none before the first call
	return string(content)
}
