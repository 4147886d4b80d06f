package add_test

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// metrics returns what the service tells on its admin address.
func (s *service) metrics(t *testing.T) []string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.admin+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := s.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(string(text), "\n")
}

// wantMetric fails t unless a line is among the metrics.
func (s *service) wantMetric(t *testing.T, want string) {
	t.Helper()
	name, _, _ := strings.Cut(strings.ReplaceAll(want, "{", " "), " ")
	lines := s.metrics(t)
	if slices.Contains(lines, want) {
		return
	}
	got := slices.DeleteFunc(lines, func(line string) bool { return !strings.HasPrefix(line, name) })
	t.Errorf("the metrics lack %q; there is %q", want, got)
}

// metric returns the value of one metric without labels.
func (s *service) metric(t *testing.T, name string) string {
	t.Helper()
	for _, line := range s.metrics(t) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			return value
		}
	}
	t.Fatalf("there is no metric %s", name)
	return ""
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	s := start(t, onSQLite(t), options{})
	s.post(t, "KrishnaMohan")
	s.post(t, "Krishna Rao")
	s.send(t, http.MethodPost, "/user", draft("KrishnaMohan")).wantStatus(t, http.StatusConflict)
	for _, line := range []string{
		`ums_http_request_duration_seconds_count{code="201",method="POST",service="add"} 2`,
		`ums_http_request_duration_seconds_count{code="409",method="POST",service="add"} 1`,
		`ums_http_requests_in_flight{service="add"} 0`,
		`ums_cache_unfenced_writes_total 0`,
	} {
		s.wantMetric(t, line)
	}
}
