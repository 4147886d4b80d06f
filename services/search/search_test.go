package search_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/glarimy/ums/services/search"
	"github.com/glarimy/ums/shared/problem"
)

// TestMainServes runs the service as its program does.
func TestMainServes(t *testing.T) {
	t.Parallel()
	url := serve(t)
	for _, tc := range []struct {
		method, path string
		want         problem.Type
	}{
		{http.MethodGet, "/user", problem.NotImplemented},
		{http.MethodGet, "/user?name_prefix=Krishna&limit=10", problem.NotImplemented},
		{http.MethodHead, "/user", problem.NotImplemented},
		{http.MethodPost, "/user", problem.MethodNotAllowed},
		{http.MethodGet, "/user/KrishnaMohan", problem.RouteNotFound},
		{http.MethodGet, "/users", problem.RouteNotFound},
	} {
		status, header, body := send(t, tc.method, url+tc.path)
		if status != tc.want.Status() || header.Get("Content-Type") != problem.ContentType {
			t.Errorf("%s %s: %d %s, want %s", tc.method, tc.path, status, body, tc.want)
		}
		if tc.method != http.MethodHead && !strings.Contains(body, tc.want.URI()) {
			t.Errorf("%s %s: %s, want %s", tc.method, tc.path, body, tc.want)
		}
		if allow := header.Get("Allow"); (allow == "GET, HEAD") != (tc.want == problem.MethodNotAllowed) {
			t.Errorf("%s %s: Allow = %q", tc.method, tc.path, allow)
		}
	}
	for _, probe := range []string{"/livez", "/readyz"} {
		if status, _, body := send(t, http.MethodGet, url+probe); status != http.StatusOK {
			t.Errorf("%s: %d %s, want 200", probe, status, body)
		}
	}
}

func TestMainRefuses(t *testing.T) {
	t.Parallel()
	taken, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = taken.Close() })
	for variable, value := range map[string]string{
		"LOG_FORMAT": "xml", "ACCESS_LOG": "some", "SHUTDOWN_DELAY": "soon", "ADDR": taken.Addr().String(),
	} {
		env := map[string]string{"ADDR": "127.0.0.1:0", "ADMIN_ADDR": "off", variable: value}
		err := search.Main(t.Context(), nil, func(name string) string { return env[name] }, io.Discard)
		if err == nil || !strings.Contains(err.Error(), variable) && !strings.Contains(err.Error(), value) {
			t.Errorf("%s=%s: error = %v, want one that tells of it", variable, value, err)
		}
	}
}

// serve runs the service until t ends and returns its URL.
func serve(t *testing.T) string {
	t.Helper()
	env := map[string]string{"ADDR": "127.0.0.1:0", "ADMIN_ADDR": "off", "LOG_FORMAT": "json"}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	logs, stdout := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- search.Main(ctx, nil, func(name string) string { return env[name] }, stdout)
		_ = stdout.Close()
	}()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("it ended with: %v", err)
		}
	})
	for lines := bufio.NewScanner(logs); lines.Scan(); {
		var line struct{ Msg, Addr string }
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			t.Fatalf("the log line %q: %v", lines.Text(), err)
		}
		if line.Msg == "serving" {
			go func() { _, _ = io.Copy(io.Discard, logs) }()
			return "http://" + line.Addr
		}
	}
	t.Fatal("it ended before it served")
	return ""
}

func send(t *testing.T, method, url string) (status int, header http.Header, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Close = true
	response, err := new(http.Client).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, response.Header, string(text)
}
