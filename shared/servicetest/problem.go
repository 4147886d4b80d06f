package servicetest

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/glarimy/ums/shared/problem"
)

// WantProblem fails tb unless an answer is this problem, complete, and without a word of what clients should not know: where
// servers are, what they run on, and these secrets. It returns the problem.
func WantProblem(
	tb testing.TB, status int, header http.Header, body string, want problem.Type, secrets ...string,
) (got problem.Problem) {
	tb.Helper()
	if status != want.Status() {
		tb.Errorf("status = %d, want %d: %s", status, want.Status(), body)
	} else if media := header.Get("Content-Type"); media != problem.ContentType {
		tb.Errorf("Content-Type = %q, want %q", media, problem.ContentType)
	} else if err := json.Unmarshal([]byte(body), &got); err != nil {
		tb.Errorf("the problem is not JSON: %v", err)
	} else if got.Type != want.URI() || got.Status != want.Status() {
		tb.Errorf("problem %s with status %d, want %s with %d", got.Type, got.Status, want.URI(), want.Status())
	} else if got.Detail == "" || got.Instance == "" || got.RequestID == "" || got.RequestID != header.Get("X-Request-Id") {
		tb.Errorf("the problem is not complete: %s", body)
	}
	for i, e := range got.Errors {
		if e.Detail == "" {
			tb.Errorf("error %d of the problem has no detail: %s", i, body)
		}
	}
	said := strings.ReplaceAll(body, want.URI(), "") // the type's address has the project's name in it
	secrets = append(secrets, "127.0.0.1", "::1", "INSERT", "SELECT", "UPDATE", "ums_", "mysql", "sqlite", "redis", "goroutine")
	for _, secret := range secrets {
		if strings.Contains(said, secret) {
			tb.Errorf("the problem tells of %q: %s", secret, body)
		}
	}
	if status == http.StatusServiceUnavailable && header.Get("Retry-After") == "" {
		tb.Error("503 without Retry-After")
	}
	return got
}
