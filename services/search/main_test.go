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
	"github.com/glarimy/ums/shared/enginetest"
)

// TestMainServes runs the service as its program does.
func TestMainServes(t *testing.T) {
	t.Parallel()
	b := newBackend(t, enginetest.SQLite(t))
	b.insert(t, account{"KrishnaMohan", 9000000000, joined()})
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	defer stop()
	logs, stdout := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := search.Main(ctx, nil, environment(map[string]string{
			"DATABASE_URL": b.sqlURL, "CURSOR_KEYS": key(1), "ADDR": "127.0.0.1:0", "ADMIN_ADDR": "off", "LOG_FORMAT": "json",
		}), stdout)
		_ = stdout.Close()
		ended <- err
	}()
	s := &service{url: "http://" + servingAt(t, logs), transport: &http.Transport{DisableKeepAlives: true}}
	if names := s.get(t).page(t).names(); len(names) != 1 {
		t.Errorf("got %q", names)
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("it ended with: %v", err)
	}
}

// servingAt returns the address that a service logs, and reads on so that it never waits for a reader.
func servingAt(t *testing.T, logs io.Reader) string {
	t.Helper()
	lines := bufio.NewScanner(logs)
	for lines.Scan() {
		var line struct{ Msg, Addr string }
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			t.Fatalf("the log line %q: %v", lines.Text(), err)
		}
		if line.Msg == "serving" {
			go func() { _, _ = io.Copy(io.Discard, logs) }()
			return line.Addr
		}
	}
	t.Fatal("it ended before it served")
	return ""
}

func TestMainRefuses(t *testing.T) {
	t.Parallel()
	taken, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = taken.Close() })
	sqlURL := enginetest.SQLite(t).URL
	for _, tc := range []struct{ variable, value, want string }{
		{"DATABASE_URL", "", "DATABASE_URL is not set"},
		{"CURSOR_KEYS", "", "CURSOR_KEYS is not set: give every replica the same key"},
		{"CURSOR_KEYS", "c2VjcmV0", "CURSOR_KEYS: key 1 of the list has 6 bytes"},
		{"CURSOR_KEYS", key(1) + ",secret", "CURSOR_KEYS: key 2 of the list is not base64"},
		{"SEARCH_TIMEOUT", "5", "SEARCH_TIMEOUT is not a valid duration"},
		{"SEARCH_TIMEOUT", "-5s", "SEARCH_TIMEOUT is -5s"},
		{"ACCESS_LOG", "some", "ACCESS_LOG"},
		{"LOG_FORMAT", "xml", "LOG_FORMAT"},
		{"ADDR", taken.Addr().String(), taken.Addr().String()},
	} {
		t.Run(tc.variable+"="+tc.value, func(t *testing.T) {
			t.Parallel()
			env := map[string]string{"DATABASE_URL": sqlURL, "CURSOR_KEYS": key(1), "ADDR": "127.0.0.1:0", "ADMIN_ADDR": "off"}
			env[tc.variable] = tc.value
			err := search.Main(t.Context(), nil, environment(env), io.Discard)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error = %v, want %q", err, tc.want)
			} else if strings.Contains(err.Error(), "c2VjcmV0") || strings.Contains(err.Error(), "secret") {
				t.Errorf("the error tells a key: %v", err)
			}
		})
	}
}

func environment(variables map[string]string) func(string) string {
	return func(name string) string { return variables[name] }
}
