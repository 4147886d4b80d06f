package problem_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strconv"
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
	last := -1
	for _, kind := range problem.Types() {
		section := fmt.Sprintf("\n## %s\n\n**%d.** ", kind, kind.Status())
		at := strings.Index(string(page), section)
		if at < 0 {
			t.Errorf("docs/problems.md has no section that begins %q", section)
		} else if at < last {
			t.Errorf("docs/problems.md has the section of %s at another place than the catalogue", kind)
		}
		last = max(last, at)
	}
	if got, want := strings.Count(string(page), "\n## "), len(problem.Types()); got != want {
		t.Errorf("docs/problems.md has %d sections, the catalogue %d", got, want)
	}
}

// TestTypes holds the catalogue together: a kind that is not described would be an internal error.
func TestTypes(t *testing.T) {
	t.Parallel()
	titles := map[string]problem.Type{}
	before := 0
	for _, kind := range problem.Types() {
		if other, ok := titles[kind.Title()]; ok {
			t.Errorf("%s has the title of %s", kind, other)
		}
		titles[kind.Title()] = kind
		if kind.Status() < before {
			t.Errorf("%s, %d, comes after one of %d", kind, kind.Status(), before)
		}
		before = kind.Status()
		if p := problem.New(kind, "d"); p.Type != kind.URI() || p.Status != kind.Status() || p.Title != kind.Title() || p.Detail != "d" {
			t.Errorf("%s: %+v", kind, p)
		}
	}
	declared, err := os.ReadFile("type.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, constant := range regexp.MustCompile(`Type = "([a-z-]+)"`).FindAllSubmatch(declared, -1) {
		if !slices.Contains(problem.Types(), problem.Type(constant[1])) {
			t.Errorf("Types lacks %s", constant[1])
		}
	}
}

// TestWriteLeavesOthersAlone: what a caller has set for the case goes out with the problem.
func TestWriteLeavesOthersAlone(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	w.Header().Set("Retry-After", "1")
	w.Header().Set("Content-Length", "7")
	problem.Write(w, httptest.NewRequest(http.MethodGet, "/user/<b>?phone=9731423166", nil), problem.New(problem.Unavailable, "<later>"))
	for name, want := range map[string]string{
		"Retry-After": "1", "Content-Length": strconv.Itoa(w.Body.Len()), "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
	} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
	var got map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if got["detail"] != "<later>" || got["instance"] != "/user/%3Cb%3E" {
		t.Errorf("got %v", got)
	}
	for _, absent := range []string{"request_id", "errors", "slot"} {
		if _, ok := got[absent]; ok {
			t.Errorf("%s is there without a value", absent)
		}
	}
	if strings.Contains(w.Body.String(), "97314") {
		t.Errorf("the problem holds the query: %s", w.Body)
	}
}
