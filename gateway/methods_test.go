package gateway_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/glarimy/ums/shared/problem"
)

func TestMethods_notAllowed(t *testing.T) {
	t.Parallel()
	upstream := newRawUpstream(t, okAnswer)
	g := start(t, upstream.url)
	for _, tt := range []struct{ method, path, allow string }{
		{"PUT", "/user/x", "DELETE, GET, HEAD, OPTIONS, PATCH"}, // the union of find and add
		{"POST", "/user/x", "DELETE, GET, HEAD, OPTIONS, PATCH"},
		{"DELETE", "/user", "GET, HEAD, OPTIONS, POST"}, // the union of search and add
		{"POST", "/journal", "GET, HEAD, OPTIONS"},
		{"DELETE", "/journal/stream", "GET, HEAD, OPTIONS"},
		{"POST", "/user/x/overview", "GET, HEAD, OPTIONS"},
		{"TRACE", "/user", "GET, HEAD, OPTIONS, POST"},
		{"get", "/user", "GET, HEAD, OPTIONS, POST"},
		{"BREW", "/user", "GET, HEAD, OPTIONS, POST"},
	} {
		res := roundTrip(t, g.addr, tt.method+" "+tt.path+" HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n")
		wantProblem(t, res, problem.MethodNotAllowed, "")
		if got := res.Header.Get("Allow"); got != tt.allow {
			t.Errorf("%s %s: Allow = %q, want %q", tt.method, tt.path, got, tt.allow)
		}
	}
	if seen := upstream.requests(); len(seen) != 0 {
		t.Errorf("the upstream has seen %q", seen)
	}
}

func TestMethods_options(t *testing.T) {
	t.Parallel()
	g := start(t, refusedURL)
	res := roundTrip(t, g.addr, "OPTIONS /user/a%2Fb HTTP/1.1\r\nHost: h\r\n\r\n")
	if got, want := res.Header.Get("Allow"), "DELETE, GET, HEAD, OPTIONS, PATCH"; res.StatusCode != http.StatusNoContent ||
		got != want || len(res.body) != 0 || res.Header.Get("X-Request-Id") == "" {
		t.Errorf("%d, Allow %q, %q; want 204, %q and nothing", res.StatusCode, got, res.body, want)
	}
	wantProblem(t, roundTrip(t, g.addr, "OPTIONS /nowhere HTTP/1.1\r\nHost: h\r\n\r\n"), problem.RouteNotFound, "")
}

func TestMethods_head(t *testing.T) {
	t.Parallel()
	upstream := newRawUpstream(t, "HTTP/1.1 200 OK\r\nContent-Length: 71\r\nEtag: \"1-1\"\r\n\r\n")
	g := start(t, upstream.url)
	for _, path := range []string{"/user/x", "/user?limit=1", "/journal", "/journal/1", "/journal/stream"} {
		res := roundTrip(t, g.addr, "HEAD "+path+" HTTP/1.1\r\nHost: h\r\n\r\n")
		if res.StatusCode != http.StatusOK || res.Header.Get("Etag") != `"1-1"` || res.ContentLength != 71 || len(res.body) != 0 {
			t.Errorf("HEAD %s: %d %v %q", path, res.StatusCode, res.Header, res.body)
		}
		if head := upstream.last(t); !strings.HasPrefix(head, "HEAD "+path+" ") {
			t.Errorf("the upstream got %q", head)
		}
	}
	// The gateway's own answers have no body either, so that the next answer on the connection is found.
	client := dialRaw(t, g.addr)
	for path, want := range map[string]int{
		"/nowhere": http.StatusNotFound, "/user/..": http.StatusBadRequest,
	} {
		client.write(t, "HEAD %s HTTP/1.1\r\nHost: h\r\n\r\n", path)
		res, err := client.read(http.MethodHead)
		if err != nil || res.StatusCode != want || res.ContentLength <= 0 {
			t.Errorf("HEAD %s: %+v, %v; want %d", path, res.Response, err, want)
		}
	}
}

func TestMethods_reserved(t *testing.T) {
	t.Parallel()
	g := startRoutes(t, refusedURL, "  - {path: /soon, methods: [GET], respond: not-implemented}\n")
	wantProblem(t, roundTrip(t, g.addr, "GET /soon HTTP/1.1\r\nHost: h\r\n\r\n"), problem.NotImplemented, "")
}

// TestMethods_slots checks which slot each call of the public API reaches.
func TestMethods_slots(t *testing.T) {
	t.Parallel()
	urls := map[string]string{}
	for _, slot := range []string{"find", "add", "search", "journal"} {
		urls[strings.ToUpper(slot)+"_URL"] = newRawUpstream(t, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nServer: "+slot+"\r\n\r\n").url
	}
	g := startWith(t, mustLoad(t, environment(urls)))
	for call, want := range map[string]string{
		"POST /user": "add", "GET /user/x": "find", "PATCH /user/x": "add", "DELETE /user/x": "add",
		"GET /user?limit=1": "search", "GET /journal?user=x": "journal", "GET /journal/1": "journal",
		"GET /journal/stream": "journal", "HEAD /user/x": "find",
	} {
		res := roundTrip(t, g.addr, call+" HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n")
		if got := res.Header.Get("Server"); got != want {
			t.Errorf("%s reached %q, want %q", call, got, want)
		}
	}
}
