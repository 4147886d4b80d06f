package add_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
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

// send makes a request and returns the answer to it. Headers are pairs of name and value; a body is sent as JSON unless
// they say otherwise.
func (s *service) send(t *testing.T, method, path, body string, headers ...string) answer {
	t.Helper()
	got, err := s.try(t.Context(), method, path, body, headers...)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// try is send for a goroutine, or for a request that may get no answer.
func (s *service) try(ctx context.Context, method, path, body string, headers ...string) (answer, error) {
	r, err := http.NewRequestWithContext(ctx, method, s.url+path, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header[headers[i]] = append(r.Header[headers[i]], headers[i+1])
	}
	return s.exchange(r)
}

func (s *service) exchange(r *http.Request) (answer, error) {
	response, err := s.client.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	return answer{status: response.StatusCode, header: response.Header, body: string(body)}, err
}

// post adds a user of this name, for a test of something else.
func (s *service) post(t *testing.T, name string) answer {
	t.Helper()
	got := s.send(t, http.MethodPost, "/user", draft(name))
	if got.status != http.StatusCreated {
		t.Fatalf("POST of %s: status = %d, want 201: %s", name, got.status, got.body)
	}
	return got
}

func draft(name string) string { return fmt.Sprintf(`{"name":%q,"phone":%s}`, name, phone) }

func change(phone string) string { return `{"phone":` + phone + `}` }

// wantProblem fails t unless the answer is this problem, complete and discreet.
func (a answer) wantProblem(t *testing.T, want problem.Type) {
	t.Helper()
	servicetest.WantProblem(t, a.status, a.header, a.body, want)
}

// wantStatus fails t unless the answer has this status.
func (a answer) wantStatus(t *testing.T, want int) {
	t.Helper()
	if a.status != want {
		t.Fatalf("status = %d, want %d: %s", a.status, want, a.body)
	}
}

// matching returns the lines of If-Match as headers of send.
func matching(lines []string, current string) []string {
	var headers []string
	for _, line := range lines {
		headers = append(headers, "If-Match", strings.ReplaceAll(line, "CURRENT", current))
	}
	return headers
}
