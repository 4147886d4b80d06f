package document_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/glarimy/ums/shared/document"
)

func TestDocument(t *testing.T) {
	t.Parallel()
	const body = "openapi: 3.1.1\n"
	handler := document.Describe(body, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusTeapot)
	}))
	send := func(method, path string, tags ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, path, nil)
		r.Header["If-None-Match"] = tags
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w
	}
	got := send(http.MethodGet, document.Path)
	tag := got.Header().Get("Etag")
	if got.Code != http.StatusOK || got.Body.String() != body || got.Header().Get("Content-Type") != "application/yaml" || tag == "" {
		t.Fatalf("GET: %d %v %q", got.Code, got.Header(), got.Body)
	}
	for _, tt := range []struct {
		method, path string
		tags         []string
		want         int
	}{
		{http.MethodHead, document.Path, nil, http.StatusOK},
		{http.MethodGet, document.Path, []string{tag}, http.StatusNotModified},
		{http.MethodGet, document.Path, []string{`"other"`, "W/" + tag}, http.StatusNotModified},
		{http.MethodGet, document.Path, []string{"*"}, http.StatusNotModified},
		{http.MethodGet, document.Path, []string{`"other"`}, http.StatusOK},
		{http.MethodGet, document.Path, []string{`other`}, http.StatusBadRequest},
		{http.MethodPost, document.Path, nil, http.StatusMethodNotAllowed},
		{http.MethodGet, "/openapi", nil, http.StatusTeapot},
	} {
		got := send(tt.method, tt.path, tt.tags...)
		if got.Code != tt.want {
			t.Errorf("%s %s %q: %d, want %d", tt.method, tt.path, tt.tags, got.Code, tt.want)
		}
		if allow := got.Header().Get("Allow"); (allow == "GET, HEAD") != (tt.want == http.StatusMethodNotAllowed) {
			t.Errorf("%s %s: Allow = %q", tt.method, tt.path, allow)
		}
	}
}
