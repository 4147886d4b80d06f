package journal_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/glarimy/ums/services/journal"
	"github.com/glarimy/ums/shared/enginetest"
	"github.com/glarimy/ums/shared/mysqlproxy"
	"github.com/glarimy/ums/shared/openapitest"
	"github.com/glarimy/ums/shared/problem"
)

// TestMainServes runs the service as its program does.
func TestMainServes(t *testing.T) {
	t.Parallel()
	b := newBackend(t, enginetest.SQLite(t).URL)
	b.write(t, "KrishnaMohan")
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	defer stop()
	logs, stdout := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := journal.Main(ctx, nil, environment(map[string]string{
			"DATABASE_URL": b.sqlURL, "CURSOR_KEYS": key(1), "ADDR": "127.0.0.1:0", "ADMIN_ADDR": "off", "LOG_FORMAT": "json",
			"EVENTS_URL": "redis://127.0.0.1:1/0", // nobody is there
		}), stdout)
		_ = stdout.Close()
		ended <- err
	}()
	s := &service{url: "http://" + servingAt(t, logs), contract: openapitest.MustLoad(t, []byte(journal.OpenAPI))}
	b.waitFor(t, 1)
	if events := s.get(t).page(t).Events; len(events) != 1 {
		t.Errorf("got %+v", events)
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
		{"CURSOR_KEYS", key(1) + ",secret", "CURSOR_KEYS: key 2 of the list is not base64"},
		{"EVENTS_URL", "kafka://u:secret@host:9092", "EVENTS_URL must begin with redis://"},
		{"JOURNAL_TIMEOUT", "-5s", "JOURNAL_TIMEOUT is -5s"},
		{"JOURNAL_HEARTBEAT", "0s", "JOURNAL_HEARTBEAT is 0s"},
		{"JOURNAL_MAX_STREAMS", "-1", "JOURNAL_MAX_STREAMS is -1"},
		{"JOURNAL_LEASE_TIME", "1ms", "JOURNAL_LEASE_TIME is 1ms"},
		{"ACCESS_LOG", "some", "ACCESS_LOG"},
		{"LOG_FORMAT", "xml", "LOG_FORMAT"},
		{"ADDR", taken.Addr().String(), taken.Addr().String()},
	} {
		t.Run(tc.variable+"="+tc.value, func(t *testing.T) {
			t.Parallel()
			env := map[string]string{"DATABASE_URL": sqlURL, "CURSOR_KEYS": key(1), "ADDR": "127.0.0.1:0", "ADMIN_ADDR": "off"}
			env[tc.variable] = tc.value
			err := journal.Main(t.Context(), nil, environment(env), io.Discard)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error = %v, want %q", err, tc.want)
			} else if strings.Contains(err.Error(), "secret") {
				t.Errorf("the error tells a secret: %v", err)
			}
		})
	}
}

func environment(variables map[string]string) func(string) string {
	return func(name string) string { return variables[name] }
}

// TestReady finds that the service touches no schema that it does not know, and begins by itself when there is one.
func TestReady(t *testing.T) {
	t.Parallel()
	engine := enginetest.SQLite(t)
	s := start(t, &backend{}, options{db: open(t, engine.URL)})
	s.get(t).wantProblem(t, problem.Unavailable)
	b := newBackend(t, engine.URL)
	b.write(t, "KrishnaMohan")
	eventually(t, "it is ready", func() bool { return s.ready() == nil })
	b.waitFor(t, 1)
}

// TestReadingWithoutTheDatabase finds that a service without its database says so, without telling where it is, that it stays
// ready, and that a stream outlasts it.
func TestReadingWithoutTheDatabase(t *testing.T) {
	t.Parallel()
	b := newBackend(t, enginetest.MySQL(t).URL)
	proxy := mysqlproxy.New(t, b.sqlURL)
	s := start(t, b, options{db: open(t, proxy.URL()), timeout: 5 * time.Second})
	id := b.write(t, "KrishnaMohan")[0]
	b.waitFor(t, 1)
	st := s.follow(t, "")
	s.get(t).page(t)
	proxy.Stop()
	for _, target := range []string{"/journal", "/journal?user=KrishnaMohan", "/journal/" + id, "/journal/stream"} {
		s.send(t, http.MethodGet, target).wantProblem(t, problem.Unavailable)
	}
	if got := s.send(t, http.MethodGet, "/readyz"); got.status != http.StatusOK {
		t.Errorf("it is no longer ready: %d %s", got.status, got.body)
	}
	proxy.Start()
	next := b.write(t, "KrishnaMohan")[0]
	if got := st.take(t, 1); got[0] != next {
		t.Errorf("the stream went on with %v, want %s", got, next)
	}
	start(t, b, options{timeout: time.Nanosecond}).get(t).wantProblem(t, problem.Unavailable)
}
