package problem_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/glarimy/ums/shared/header"
	"github.com/glarimy/ums/shared/problem"
)

func TestWrite(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	w.Header().Set(header.RequestID, "r-1")
	r := httptest.NewRequest(http.MethodPost, "/user/a%2Fb", nil)
	problem.Write(w, r, problem.New(problem.Validation, "one field",
		problem.FieldError{Pointer: "#/name", Code: "too-short", Detail: "short"}))

	if w.Code != http.StatusBadRequest {
		t.Errorf("status = %d, want 400", w.Code)
	}
	if got := w.Header().Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("Content-Type = %q", got)
	}
	var got map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]any{
		"type":       "https://github.com/glarimy/ums/blob/main/docs/problems.md#validation",
		"status":     400.0,
		"request_id": "r-1",
		"instance":   "/user/a%2Fb",
	} {
		if got[key] != want {
			t.Errorf("%s = %v, want %v", key, got[key], want)
		}
	}
}

// TestDocumentation keeps the catalogue and the page that the type URIs point to together.
func TestDocumentation(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/problems.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range problem.Types() {
		section := "\n## " + string(kind) + "\n"
		if !strings.Contains(string(page), section) {
			t.Errorf("docs/problems.md has no section %q", strings.TrimSpace(section))
		}
		if kind.Title() == problem.Internal.Title() && kind != problem.Internal {
			t.Errorf("%s has no description", kind)
		}
	}
	if got, want := strings.Count(string(page), "\n## "), len(problem.Types()); got != want {
		t.Errorf("docs/problems.md has %d sections, the catalogue %d", got, want)
	}
}
