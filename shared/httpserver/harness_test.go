package httpserver_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/glarimy/ums/shared/httpserver"
	"github.com/glarimy/ums/shared/problem"
)

// running is a server under test, on ports of its own.
type running struct {
	*httpserver.Server
	registry *prometheus.Registry
	log      *journal
	client   *http.Client
	stop     context.CancelFunc // sends the stop signal
	ended    <-chan struct{}    // closed when Serve has returned
	err      error              // what it returned
}

// start serves handler until the test ends. Either function may be nil.
func start(
	t *testing.T, handler http.HandlerFunc, configure func(*httpserver.Config), provide func(*httpserver.Service),
) *running {
	t.Helper()
	s := &running{registry: prometheus.NewRegistry(), log: &journal{}, client: &http.Client{Transport: &http.Transport{}}}
	config := httpserver.Config{
		Addr: "127.0.0.1:0", AdminAddr: "127.0.0.1:0", AccessLog: "all", ShutdownTimeout: 30 * time.Second,
	}
	service := httpserver.Service{
		Name: "test", Handler: handler, Ready: func() error { return nil },
		Logger: slog.New(slog.NewJSONHandler(s.log, nil)), Registry: s.registry,
	}
	if configure != nil {
		configure(&config)
	}
	if provide != nil {
		provide(&service)
	}
	var err error
	if s.Server, err = httpserver.New(config, service); err != nil {
		t.Fatal(err)
	}
	if err := s.Listen(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan struct{})
	s.stop, s.ended = stop, ended
	go func() {
		defer close(ended)
		s.err = s.Serve(ctx)
	}()
	t.Cleanup(func() {
		s.client.CloseIdleConnections()
		stop()
		<-ended
	})
	return s
}

// url returns the address of a path.
func (s *running) url(path string) string { return "http://" + s.Addr() + path }

// response is what is left of a response when its body has been read.
type response struct {
	Status        string
	StatusCode    int
	Header        http.Header
	ContentLength int64
	Close         bool
}

// read reads a response to its end.
func read(t *testing.T, resp *http.Response) (response, string) {
	t.Helper()
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response{
		Status: resp.Status, StatusCode: resp.StatusCode, Header: resp.Header, ContentLength: resp.ContentLength, Close: resp.Close,
	}, string(body)
}

// get asks for a path with header lines given as name, value, name, value….
func (s *running) get(t *testing.T, path string, headers ...string) (response, string) {
	t.Helper()
	return s.do(t, http.MethodGet, s.url(path), headers...)
}

func (s *running) do(t *testing.T, method, url string, headers ...string) (response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	resp, err := s.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	return read(t, resp)
}

// raw sends text and returns all that comes back until the server closes the connection.
func (s *running) raw(t *testing.T, text string) (response, string) {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	all, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(bytes.NewReader(all))
	resp, err := http.ReadResponse(in, nil)
	if err != nil {
		t.Fatalf("%q: %v", all, err)
	}
	answer, body := read(t, resp)
	if rest, _ := io.ReadAll(in); len(rest) > 0 {
		t.Errorf("after the answer came %q", rest)
	}
	return answer, body
}

// checkProblem fails unless the answer is a problem of that kind with the request id of the answer.
func checkProblem(t *testing.T, resp response, body string, want problem.Type) problem.Problem {
	t.Helper()
	var p problem.Problem
	if err := json.Unmarshal([]byte(body), &p); err != nil {
		t.Fatalf("%s, %q: %v", resp.Status, body, err)
	}
	if resp.StatusCode != want.Status() || p.Status != want.Status() || p.Type != want.URI() {
		t.Errorf("got %d with %d, %s, want %d, %s", resp.StatusCode, p.Status, p.Type, want.Status(), want.URI())
	}
	for name, want := range map[string]string{
		"Content-Type": problem.ContentType, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
	} {
		if got := resp.Header.Values(name); len(got) != 1 || got[0] != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
	if id := resp.Header.Get("X-Request-Id"); id == "" || p.RequestID != id {
		t.Errorf("request id = %q, in the header %q", p.RequestID, id)
	}
	return p
}

// journal keeps log lines. It is safe for concurrent use.
type journal struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.all.Write(b)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.all.String()
}

// lines returns the lines with this message.
func (j *journal) lines(t *testing.T, message string) []map[string]any {
	t.Helper()
	var found []map[string]any
	for line := range strings.Lines(j.String()) {
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if fields["msg"] == message {
			found = append(found, fields)
		}
	}
	return found
}
