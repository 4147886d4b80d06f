package httpserver_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/glarimy/ums/shared/httpserver"
	"github.com/glarimy/ums/shared/problem"
)

func TestProbes(t *testing.T) {
	t.Parallel()
	var why atomic.Pointer[error]
	reason := errors.New("dial tcp 10.0.0.7:3306: connection refused")
	why.Store(&reason)
	s := start(t, func(http.ResponseWriter, *http.Request) { t.Error("the handler was called") }, nil, func(s *httpserver.Service) {
		s.Ready = func() error { return *why.Load() }
	})
	resp, body := s.get(t, "/readyz")
	if p := checkProblem(t, resp, body, problem.Unavailable); strings.Contains(body, "10.0.0.7") {
		t.Errorf("the detail tells of an address: %q", p.Detail)
	}
	if resp.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	if resp, body := s.get(t, "/livez"); resp.StatusCode != http.StatusOK || body != `{"status":"ok"}`+"\n" {
		t.Errorf("/livez while unready: %s, %q", resp.Status, body)
	}
	var ready error
	why.Store(&ready)
	for _, path := range []string{"/livez", "/readyz"} {
		resp, body := s.get(t, path)
		if resp.StatusCode != http.StatusOK || body != `{"status":"ok"}`+"\n" || resp.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %s, %q", path, resp.Status, body)
		}
		if resp, body := s.do(t, http.MethodHead, s.url(path)); resp.StatusCode != http.StatusOK || body != "" {
			t.Errorf("HEAD %s: %s, %q", path, resp.Status, body)
		}
		resp, body = s.do(t, http.MethodPost, s.url(path))
		checkProblem(t, resp, body, problem.MethodNotAllowed)
		if got := resp.Header.Get("Allow"); got != "GET, HEAD" {
			t.Errorf("%s: Allow = %q", path, got)
		}
	}
}

// clock lets a test decide when the delay before a stop is over.
type clock struct {
	asked chan time.Duration
	over  chan time.Time
}

func (c clock) provide(s *httpserver.Service) {
	s.After = func(d time.Duration) <-chan time.Time { c.asked <- d; return c.over }
}

func TestStop(t *testing.T) {
	t.Parallel()
	c := clock{asked: make(chan time.Duration, 1), over: make(chan time.Time)}
	began, finish := make(chan struct{}), make(chan struct{})
	s := start(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			close(began)
			<-finish
		}
		fmt.Fprint(w, "done")
	}, func(c *httpserver.Config) { c.ShutdownDelay = time.Hour }, c.provide)
	if resp, _ := s.get(t, "/"); resp.Close {
		t.Error("connections are closed before the stop")
	}
	slow := s.getLater(t, "/slow")
	<-began

	s.stop()
	if got := <-c.asked; got != time.Hour {
		t.Errorf("delay = %v, want 1h", got)
	}
	// During the delay: unready, alive, serving old and new connections, and closing each.
	s.client.CloseIdleConnections()
	for range 2 {
		resp, body := s.get(t, "/readyz")
		checkProblem(t, resp, body, problem.Unavailable)
		for _, path := range []string{"/", "/livez"} {
			if resp, _ := s.get(t, path); resp.StatusCode != http.StatusOK || !resp.Close {
				t.Errorf("%s during the delay: %s, close = %t", path, resp.Status, resp.Close)
			}
		}
	}
	if resp, _ := s.do(t, http.MethodGet, "http://"+s.AdminAddr()+"/metrics"); resp.StatusCode != http.StatusOK {
		t.Errorf("metrics during the delay: %s", resp.Status)
	}

	close(c.over)
	refused(t, s.Addr())
	select {
	case <-s.ended:
		t.Fatal("the server ended before its request")
	default:
	}
	close(finish)
	if got := <-slow; got != "200 OK done" {
		t.Errorf("the request in flight: %s", got)
	}
	<-s.ended
	if s.err != nil {
		t.Errorf("a complete stop: %v", s.err)
	}
	refused(t, s.AdminAddr())
}

func TestStopWithoutDelay(t *testing.T) {
	t.Parallel()
	s := start(t, fail, nil, nil)
	s.get(t, "/") // leaves an idle connection
	s.stop()
	<-s.ended
	if s.err != nil {
		t.Errorf("a complete stop: %v", s.err)
	}
	if len(s.log.lines(t, "stopping")) != 1 || len(s.log.lines(t, "stopped")) != 1 {
		t.Errorf("log: %s", s.log)
	}
}

func TestStopTimeout(t *testing.T) {
	t.Parallel()
	began, ended := make(chan struct{}), make(chan struct{})
	s := start(t, func(_ http.ResponseWriter, r *http.Request) {
		close(began)
		<-r.Context().Done() // the connection is closed below it
		close(ended)
	}, func(c *httpserver.Config) { c.ShutdownTimeout = time.Millisecond }, nil)
	slow := s.getLater(t, "/")
	<-began
	s.stop()
	<-s.ended
	if !errors.Is(s.err, context.DeadlineExceeded) || !strings.Contains(s.err.Error(), "stop test: requests were still running after 1ms") {
		t.Errorf("error = %v", s.err)
	}
	if got := <-slow; !strings.Contains(got, "EOF") && !strings.Contains(got, "reset") {
		t.Errorf("the request in flight: %s", got)
	}
	<-ended
	refused(t, s.Addr())
	refused(t, s.AdminAddr())
}

func TestTasks(t *testing.T) {
	t.Parallel()
	t.Run("end with the server", func(t *testing.T) {
		t.Parallel()
		began, ended := make(chan struct{}), make(chan struct{})
		s := start(t, fail, nil, func(s *httpserver.Service) {
			s.Tasks = []func(context.Context) error{
				func(context.Context) error { return nil },
				func(ctx context.Context) error { close(began); <-ctx.Done(); close(ended); return ctx.Err() },
			}
		})
		<-began
		s.get(t, "/")
		s.stop()
		<-s.ended
		<-ended
		if s.err != nil {
			t.Errorf("error = %v", s.err)
		}
	})
	t.Run("stop the server", func(t *testing.T) {
		t.Parallel()
		broken := errors.New("the task broke")
		s := start(t, fail, nil, func(s *httpserver.Service) {
			s.Tasks = []func(context.Context) error{func(context.Context) error { return broken }}
		})
		<-s.ended
		if !errors.Is(s.err, broken) {
			t.Errorf("error = %v, want %v", s.err, broken)
		}
		refused(t, s.Addr())
	})
}

func TestListenTellsATakenPort(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	addr := taken.Addr().String()
	want := "the address " + addr + " is taken: stop the program that listens there, or choose another"
	for name, c := range map[string]httpserver.Config{
		"requests": {Addr: addr, AdminAddr: "off"},
		"admin":    {Addr: "127.0.0.1:0", AdminAddr: addr},
	} {
		s := newServer(t, c)
		if err := s.Listen(t.Context()); err == nil || err.Error() != want {
			t.Errorf("%s: error = %v, want %s", name, err, want)
		}
		if name == "admin" {
			refused(t, s.Addr())
		}
	}
	s := newServer(t, httpserver.Config{Addr: "nowhere.invalid:1", AdminAddr: "off"})
	if err := s.Listen(t.Context()); err == nil || !strings.Contains(err.Error(), "listen on nowhere.invalid:1: ") {
		t.Errorf("error = %v", err)
	}
}

func TestAdminOff(t *testing.T) {
	t.Parallel()
	s := start(t, fail, func(c *httpserver.Config) { c.AdminAddr = "off" }, nil)
	if got := s.AdminAddr(); got != "" {
		t.Errorf("admin address = %q", got)
	}
	s.stop()
	<-s.ended
	if s.err != nil {
		t.Error(s.err)
	}
}

func TestProfiles(t *testing.T) {
	t.Parallel()
	s := start(t, fail, nil, nil)
	for _, path := range []string{"/debug/pprof/", "/debug/pprof/goroutine?debug=1", "/debug/pprof/cmdline", "/debug/pprof/symbol"} {
		if resp, _ := s.do(t, http.MethodGet, "http://"+s.AdminAddr()+path); resp.StatusCode != http.StatusOK {
			t.Errorf("%s: %s", path, resp.Status)
		}
		if _, body := s.get(t, path); body != "hello" {
			t.Errorf("clients can see %s", path)
		}
	}
}

func newServer(t *testing.T, c httpserver.Config) *httpserver.Server {
	t.Helper()
	s, err := httpserver.New(c, httpserver.Service{
		Name: "test", Handler: http.NotFoundHandler(), Logger: slog.New(slog.DiscardHandler), Registry: prometheus.NewRegistry(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// getLater asks for a path and sends what becomes of it.
func (s *running) getLater(t *testing.T, path string) <-chan string {
	t.Helper()
	outcome := make(chan string, 1)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	go func() {
		resp, err := client.Get(s.url(path))
		if err != nil {
			outcome <- err.Error()
			return
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			outcome <- err.Error()
			return
		}
		outcome <- resp.Status + " " + string(body)
	}()
	return outcome
}

// refused waits until nothing listens at addr.
func refused(t *testing.T, addr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
		if errors.Is(err, syscall.ECONNREFUSED) {
			return
		}
		if err == nil {
			_ = conn.Close()
		}
		if ctx.Err() != nil {
			t.Errorf("%s still takes connections: %v", addr, err)
			return
		}
	}
}
