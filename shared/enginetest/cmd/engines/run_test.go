package main

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/glarimy/ums/shared/enginetest/internal/engine"
)

// bare gives surroundings that offer no engine, and what is printed there.
func bare(environment map[string]string) (s surroundings, stdout, stderr *bytes.Buffer) {
	stdout, stderr = new(bytes.Buffer), new(bytes.Buffer)
	host := engine.NewHost(stderr)
	host.Folders, host.Euid = nil, 1000
	host.Getenv = func(name string) string {
		if name == "DOCKER_HOST" {
			return "unix:///nonexistent/docker.sock"
		}
		return environment[name]
	}
	return surroundings{host: host, environ: os.Environ(), stdout: stdout, stderr: stderr}, stdout, stderr
}

func TestRun(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip(err)
	}
	tests := map[string]struct {
		environment map[string]string
		args        []string
		wantCode    int
		wantStdout  string
		wantStderr  string // a part
	}{
		"no command":      {nil, []string{"--"}, 2, "", "name the command"},
		"an unknown flag": {nil, []string{"-postgres", "--", "true"}, 2, "", "postgres"},
		"the command's exit code": {
			nil, []string{"-mysql=false", "-redis=false", "--", "sh", "-c", "echo hello; exit 7"}, 7, "hello\n", "",
		},
		"a command that is not there": {nil, []string{"-mysql=false", "-redis=false", "--", "/nonexistent"}, 1, "", "run the command"},
		"runs without engines":        {nil, []string{"--", "echo", "hello"}, 0, "hello\n", "there is no MySQL"},
		"fails without engines": {
			map[string]string{"REQUIRE_ENGINES": "1"}, []string{"--", "echo", "hello"}, 1, "", "there is no Redis",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, stdout, stderr := bare(tt.environment)
			if code := run(tt.args, s); code != tt.wantCode {
				t.Errorf("got exit code %d, want %d", code, tt.wantCode)
			}
			if stdout.String() != tt.wantStdout {
				t.Errorf("got output %q, want %q", stdout, tt.wantStdout)
			}
			if !strings.Contains(stderr.String(), tt.wantStderr) {
				t.Errorf("got messages %q, want %q in them", stderr, tt.wantStderr)
			}
		})
	}
}

// firstWrite is a writer that calls itself once.
type firstWrite func()

func (f *firstWrite) Write(b []byte) (int, error) {
	if *f != nil {
		(*f)()
		*f = nil
	}
	return len(b), nil
}

func TestRunPassesSignalsOn(t *testing.T) {
	t.Parallel()
	s, _, stderr := bare(nil)
	signals := make(chan os.Signal, 1)
	interrupt := firstWrite(func() { signals <- os.Interrupt })
	s.signals, s.stdout = signals, &interrupt
	script := `trap 'exit 5' INT; echo the trap is set; while :; do sleep 0.05; done`
	if code := run([]string{"-mysql=false", "-redis=false", "--", "sh", "-c", script}, s); code != 5 {
		t.Errorf("got exit code %d, want the 5 of an interrupted command; messages: %s", code, stderr)
	}
}

func TestRunEndsWhileItStarts(t *testing.T) {
	t.Parallel()
	// Nobody listens there: the program waits for the server until it is told not to.
	s, stdout, stderr := bare(map[string]string{"TEST_DATABASE_URL": "mysql://ums:secret@tcp(127.0.0.1:1)/"})
	signals := make(chan os.Signal, 1)
	signals <- os.Interrupt
	s.signals = signals
	code := run([]string{"-redis=false", "--", "echo", "hello"}, s)
	if code != 1 || stdout.Len() > 0 || !strings.Contains(stderr.String(), "interrupted") {
		t.Errorf("got exit code %d, output %q and messages %q, want 1, nothing and that it was interrupted", code, stdout, stderr)
	}
	if strings.Contains(stderr.String(), "secret") {
		t.Errorf("the messages tell the password: %s", stderr)
	}
}
