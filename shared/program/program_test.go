package program_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/glarimy/ums/shared/program"
)

// common runs the verbs over a command that only says that it was run.
func common(t *testing.T, env map[string]string, args ...string) (string, error) {
	t.Helper()
	run := func(_ context.Context, args []string, _ func(string) string, stdout io.Writer) error {
		_, err := io.WriteString(stdout, "run "+strings.Join(args, " "))
		return err
	}
	var out bytes.Buffer
	err := program.WithCommon("find", run)(t.Context(), args, func(key string) string { return env[key] }, &out)
	return out.String(), err
}

func TestHealth(t *testing.T) {
	t.Parallel()
	status, asked := http.StatusOK, ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.Method + " " + r.URL.Path
		w.WriteHeader(status)
	}))
	defer server.Close()
	_, port, _ := strings.Cut(server.Listener.Addr().String(), ":")
	for _, addr := range []string{":" + port, "0.0.0.0:" + port, "127.0.0.1:" + port, "[::]:" + port} {
		if out, err := common(t, map[string]string{"ADDR": addr}, "health"); err != nil || out != "" {
			t.Errorf("ADDR=%s: got %q, %v", addr, out, err)
		}
		if asked != "GET /readyz" {
			t.Errorf("ADDR=%s: asked %q", addr, asked)
		}
	}
	status = http.StatusServiceUnavailable
	_, err := common(t, map[string]string{"ADDR": ":" + port}, "health")
	if err == nil || !strings.Contains(err.Error(), "not ready") {
		t.Errorf("unready: got %v", err)
	}
	server.Close()
	if _, err := common(t, map[string]string{"ADDR": ":" + port}, "health"); err == nil {
		t.Error("nothing listens, and health is content")
	}
	if _, err := common(t, map[string]string{"ADDR": "8080"}, "health"); err == nil {
		t.Error("health is content with an ADDR that is none")
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	out, err := common(t, nil, "--version")
	if err != nil || !strings.HasPrefix(out, "find ") || !strings.Contains(out, "+") {
		t.Errorf("got %q, %v", out, err)
	}
}

func TestAllElseIsTheCommands(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{}, {"up"}, {"check", "health"}} {
		out, err := common(t, nil, args...)
		if want := "run " + strings.Join(args, " "); err != nil || out != want {
			t.Errorf("got %q, %v, want %q", out, err, want)
		}
	}
}
