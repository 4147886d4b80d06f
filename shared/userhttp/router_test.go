package userhttp_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/glarimy/ums/shared/problem"
	"github.com/glarimy/ums/shared/user/usertest"
	"github.com/glarimy/ums/shared/userhttp"
)

func TestRouter(t *testing.T) {
	t.Parallel()
	router := userhttp.NewRouter()
	ok := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }
	router.HandleFunc("/user", ok).Methods(http.MethodPost)
	router.HandleFunc("/user/{name}", ok).Methods(http.MethodPatch)
	router.HandleFunc("/user/{name}", ok).Methods(http.MethodDelete)
	router.HandleFunc("/users", ok).Methods(http.MethodGet, http.MethodHead)
	const found = problem.Type("")
	for _, tc := range []struct {
		method, target string
		want           problem.Type
		allow          string
	}{
		{http.MethodPost, "/user", found, ""},
		{http.MethodPost, "/user?x=1", found, ""},
		{http.MethodDelete, "/user/a", found, ""},
		{http.MethodDelete, "/user/a%2Fb", found, ""},
		{http.MethodDelete, "/user/%2E%2E", found, ""},
		{http.MethodDelete, "/user/..", found, ""},
		{http.MethodDelete, "/user/a/b", problem.RouteNotFound, ""},
		{http.MethodDelete, "/user/a/../b", problem.RouteNotFound, ""},
		{http.MethodDelete, "/user//a", problem.RouteNotFound, ""},
		{http.MethodDelete, "/user/", problem.RouteNotFound, ""},
		{http.MethodDelete, "/USER/a", problem.RouteNotFound, ""},
		{http.MethodPost, "/user/", problem.RouteNotFound, ""},
		{http.MethodPost, "//user", problem.RouteNotFound, ""},
		{http.MethodGet, "/", problem.RouteNotFound, ""},
		{http.MethodGet, "/user", problem.MethodNotAllowed, "POST"},
		{http.MethodHead, "/user/a", problem.MethodNotAllowed, "PATCH, DELETE"},
		{http.MethodOptions, "/user/a%2Fb", problem.MethodNotAllowed, "PATCH, DELETE"},
		{"BREW", "/user/a", problem.MethodNotAllowed, "PATCH, DELETE"},
		{http.MethodGet, "/users", found, ""},
		{http.MethodHead, "/users", found, ""},
		{http.MethodPost, "/users", problem.MethodNotAllowed, "GET, HEAD"},
	} {
		t.Run(tc.method+" "+tc.target, func(t *testing.T) {
			t.Parallel()
			w := httptest.NewRecorder()
			router.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), tc.method, tc.target, nil))
			if tc.want == found {
				if w.Code != http.StatusNoContent {
					t.Errorf("status = %d: %s", w.Code, w.Body)
				}
				return
			}
			var got problem.Problem
			if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
				t.Fatalf("status = %d: %v", w.Code, err)
			}
			if w.Code != tc.want.Status() || got.Type != tc.want.URI() || got.Detail == "" {
				t.Errorf("status %d and problem %+v, want %s", w.Code, got, tc.want)
			}
			if allow := w.Header().Get("Allow"); allow != tc.allow {
				t.Errorf("Allow = %q, want %q", allow, tc.allow)
			}
			if to := w.Header().Get("Location"); to != "" {
				t.Errorf("redirected to %s", to)
			}
		})
	}
}

// TestRouterTakesWhatIsNotEscaped finds that a segment stays one segment where a client has escaped only what it had to.
func TestRouterTakesWhatIsNotEscaped(t *testing.T) {
	t.Parallel()
	for _, n := range usertest.GoodNames() {
		segment := strings.NewReplacer("%", "%25", "/", "%2F", "?", "%3F", "#", "%23").Replace(n.Raw)
		router := userhttp.NewRouter()
		router.HandleFunc("/user/{name}", func(_ http.ResponseWriter, r *http.Request) {
			if got, err := userhttp.Name(r); err != nil || got.String() != n.Want {
				t.Errorf("%s: %q, %v, want %q", n.Name, got, err, n.Want)
			}
		})
		w := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		target, err := url.ParseRequestURI("/user/" + segment)
		if err != nil {
			continue // net/http refuses it before anybody sees it
		}
		r.URL = target
		if router.ServeHTTP(w, r); w.Code != http.StatusOK {
			t.Errorf("%s: status = %d: %s", n.Name, w.Code, w.Body)
		}
	}
}
