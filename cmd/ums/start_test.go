package main_test

import (
	"bufio"
	"context"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	ums "github.com/glarimy/ums/cmd/ums"
)

// instance is a running `ums up`.
type instance struct {
	url  string
	says string // the line with its URL
	data string
	stop func() error // ends it as Ctrl-C does, and returns what the command returned
}

// start runs `ums up` on free ports until the test ends or stop is called.
func start(t *testing.T, data string, env map[string]string) *instance {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	out, stdout := io.Pipe()
	ended := make(chan error, 1)
	args := []string{"up", "-addr", "127.0.0.1:0", "-admin-addr", "off", "-data", data}
	go func() {
		err := ums.Run(ctx, args, func(key string) string { return env[key] }, stdout, testLog{t})
		_ = stdout.CloseWithError(io.EOF)
		ended <- err
	}()
	stop := sync.OnceValue(func() error { cancel(); return <-ended })
	t.Cleanup(func() { _ = stop() })

	found := regexp.MustCompile(`http://[0-9.:]+`)
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if url := found.FindString(lines.Text()); url != "" {
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return &instance{url: url, says: lines.Text(), data: data, stop: stop}
		}
	}
	t.Fatalf("ums up ended before it printed its URL: %v", stop())
	return nil
}

// patient adds to an environment that nothing in the system gives up soon. It is for tests of what is answered rather than of
// when, as a machine may stand still for seconds.
func patient(t *testing.T, env map[string]string) map[string]string {
	t.Helper()
	routes, err := os.ReadFile("../../gateway/gateway.yaml")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "gateway.yaml")
	routes = regexp.MustCompile(`timeout: [0-9]+s`).ReplaceAll(routes, []byte("timeout: 1m"))
	if err := os.WriteFile(file, routes, 0o600); err != nil {
		t.Fatal(err)
	}
	all := map[string]string{
		"GATEWAY_CONFIG": file, "CACHE_LOAD_TIMEOUT": "30s", "CACHE_FENCE_TIME": "2m", // a third of which is for a write
		"SEARCH_TIMEOUT": "30s", "JOURNAL_TIMEOUT": "30s", "JOURNAL_LEASE_TIME": "20s", "RELAY_LEASE_TIME": "20s",
	}
	maps.Copy(all, env)
	if url, ok := env["DATABASE_URL"]; ok {
		all["DATABASE_URL"] = url + "?innodb_lock_wait_timeout=30"
	}
	return all
}

// testLog shows log lines with the test that they belong to.
type testLog struct{ t *testing.T }

func (l testLog) Write(b []byte) (int, error) {
	l.t.Log(strings.TrimSpace(string(b)))
	return len(b), nil
}

// call makes one request and returns the status and the body.
func call(t *testing.T, method, url, body string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	client := &http.Client{
		Timeout:       10 * time.Second,
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(content)
}
