package add_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/alicebob/miniredis/v2"

	"github.com/glarimy/ums/services/add"
	"github.com/glarimy/ums/shared/enginetest"
	"github.com/glarimy/ums/shared/problem"
)

// TestMainServes runs the service as its program does, before and after there is a schema.
func TestMainServes(t *testing.T) {
	t.Parallel()
	sqlURL := enginetest.SQLite(t).URL
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	logs, stdout := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := add.Main(ctx, nil, environment(map[string]string{
			"DATABASE_URL": sqlURL, "REDIS_URL": "redis://" + miniredis.RunT(t).Addr(),
			"ADDR": "127.0.0.1:0", "ADMIN_ADDR": "off", "LOG_FORMAT": "json",
		}), stdout)
		ended <- err
		_ = stdout.Close()
	}()
	t.Cleanup(stop)
	s := &service{client: &http.Client{Transport: &http.Transport{}}, url: "http://" + servingAt(t, logs)}
	t.Cleanup(s.client.CloseIdleConnections)

	s.send(t, http.MethodGet, "/livez", "").wantStatus(t, http.StatusOK)
	s.send(t, http.MethodGet, "/readyz", "").wantProblem(t, problem.Unavailable)
	migrated(t, sqlURL)
	eventually(t, "the service is ready", func() bool {
		return s.send(t, http.MethodGet, "/readyz", "").status == http.StatusOK
	})
	s.post(t, "KrishnaMohan")
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
		{"DATABASE_URL", "", "DATABASE_URL"},
		{"DATABASE_URL", "postgres://rao:s3cret@db/ums", "mysql://"},
		{"REDIS_URL", "", "REDIS_URL"},
		{"REDIS_URL", "redis://:s3cret@cache:6379?read_only=true&addr=b:1", "read_only"},
		{"LOG_FORMAT", "xml", "LOG_FORMAT"},
		{"LOG_LEVEL", "loud", "LOG_LEVEL"},
		{"ACCESS_LOG", "some", "ACCESS_LOG"},
		{"CACHE_FENCE_TIME", "-1s", "FenceTime"},
		{"ADDR", taken.Addr().String(), taken.Addr().String()},
	} {
		t.Run(tc.variable+"="+tc.value, func(t *testing.T) {
			t.Parallel()
			env := map[string]string{
				"DATABASE_URL": sqlURL, "REDIS_URL": "redis://cache:6379", "ADDR": "127.0.0.1:0", "ADMIN_ADDR": "off",
			}
			env[tc.variable] = tc.value
			err := add.Main(t.Context(), nil, environment(env), io.Discard)
			if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "s3cret") {
				t.Errorf("error = %v, want one that tells of %s", err, tc.want)
			}
		})
	}
}

func environment(variables map[string]string) func(string) string {
	return func(name string) string { return variables[name] }
}
