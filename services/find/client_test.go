package find_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/glarimy/ums/shared/problem"
)

// answer is what a client got.
type answer struct {
	status int
	header http.Header
	body   string
}

// get asks for a user by the path of it. Headers are pairs of name and value.
func (s *service) get(t *testing.T, path string, headers ...string) answer {
	t.Helper()
	return s.send(t, http.MethodGet, path, headers...)
}

func (s *service) send(t *testing.T, method, path string, headers ...string) answer {
	t.Helper()
	got, err := s.try(t.Context(), method, s.url+path, headers...)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// try is send for a goroutine.
func (s *service) try(ctx context.Context, method, url string, headers ...string) (answer, error) {
	r, err := http.NewRequestWithContext(ctx, method, url, nil)
	if err != nil {
		return answer{}, err
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header[headers[i]] = append(r.Header[headers[i]], headers[i+1])
	}
	response, err := s.client.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	return answer{status: response.StatusCode, header: response.Header, body: string(body)}, err
}

// wantProblem fails t unless the answer is this problem, complete and discreet.
func (a answer) wantProblem(t *testing.T, want problem.Type) {
	t.Helper()
	var got problem.Problem
	if a.status != want.Status() {
		t.Errorf("status = %d, want %d: %s", a.status, want.Status(), a.body)
	} else if media := a.header.Get("Content-Type"); media != problem.ContentType {
		t.Errorf("Content-Type = %q, want %q", media, problem.ContentType)
	} else if err := json.Unmarshal([]byte(a.body), &got); err != nil {
		t.Errorf("the problem is not JSON: %v", err)
	} else if got.Type != want.URI() || got.Status != want.Status() {
		t.Errorf("problem %s with status %d, want %s with %d", got.Type, got.Status, want.URI(), want.Status())
	} else if got.Detail == "" || got.RequestID == "" || got.RequestID != a.header.Get("X-Request-Id") {
		t.Errorf("the problem is not complete: %s", a.body)
	}
	for _, secret := range []string{"127.0.0.1", "::1", "SELECT", "ums_", "mysql", "sqlite", "redis", "goroutine"} {
		if strings.Contains(a.body, secret) {
			t.Errorf("the problem tells of %q: %s", secret, a.body)
		}
	}
	if a.status == http.StatusServiceUnavailable && a.header.Get("Retry-After") == "" {
		t.Error("503 without Retry-After")
	}
	if etag := a.header.Get("Etag"); etag != "" {
		t.Errorf("a problem has the entity tag of a user: %s", etag)
	}
}

// wantStatus fails t unless the answer has this status.
func (a answer) wantStatus(t *testing.T, want int) {
	t.Helper()
	if a.status != want {
		t.Fatalf("status = %d, want %d: %s", a.status, want, a.body)
	}
}

// metrics returns what the service tells on its admin address.
func (s *service) metrics(t *testing.T) []string {
	t.Helper()
	got, err := s.try(t.Context(), http.MethodGet, s.admin+"/metrics")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(got.body, "\n")
}

// wantMetrics fails t unless each line is among the metrics.
func (s *service) wantMetrics(t *testing.T, want ...string) {
	t.Helper()
	lines := s.metrics(t)
	for _, line := range want {
		if slices.Contains(lines, line) {
			continue
		}
		name, _, _ := strings.Cut(strings.ReplaceAll(line, "{", " "), " ")
		got := slices.DeleteFunc(slices.Clone(lines), func(l string) bool { return !strings.HasPrefix(l, name) })
		t.Errorf("the metrics lack %q; there is %q", line, got)
	}
}
