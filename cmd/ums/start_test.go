package main_test

import (
	"bufio"
	"context"
	"io"
	"net/http"
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
