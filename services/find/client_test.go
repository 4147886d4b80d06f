package find_test

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/glarimy/ums/shared/problem"
	"github.com/glarimy/ums/shared/servicetest"
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
	servicetest.WantProblem(t, a.status, a.header, a.body, want)
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
