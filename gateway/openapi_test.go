package gateway_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/glarimy/ums/shared/openapitest"
)

// TestOpenAPI holds the gateway's own answers against the document that it gives out.
func TestOpenAPI(t *testing.T) {
	t.Parallel()
	services := httptest.NewServer(http.NotFoundHandler()) // none of which describes itself
	t.Cleanup(services.Close)
	g := start(t, services.URL)
	plain := &http.Transport{DisableKeepAlives: true, DisableCompression: true}
	_, _, body := send(t, g, plain, "GET /openapi.json")
	watched := openapitest.MustLoad(t, []byte(body)).Watch(t, g.addr, plain)
	for call, want := range map[string]int{
		"GET /openapi.json": 200, "HEAD /openapi.json": 200, "OPTIONS /openapi.json": 204, "PUT /openapi.json": 405,
		"GET /docs": 200, "HEAD /docs": 200, "DELETE /docs": 405, "GET /docs/": 404,
		"GET /user/KrishnaMohan/overview": 502, "GET /user/%2e%2e": 400, "GET /%2e/x": 400, "PUT /user": 405, "OPTIONS /user": 204,
	} {
		if status, _, body := send(t, g, watched, call); status != want {
			t.Errorf("%s: %d %s, want %d", call, status, body, want)
		}
	}
	for _, path := range []string{"/openapi.json", "/docs"} {
		_, first, _ := send(t, g, watched, "GET "+path)
		if again, _, _ := send(t, g, watched, "GET "+path, "If-None-Match", first.Get("Etag")); again != http.StatusNotModified {
			t.Errorf("%s with its own entity tag: %d, want 304", path, again)
		}
		if bad, _, _ := send(t, g, watched, "GET "+path, "If-None-Match", "x"); bad != http.StatusBadRequest {
			t.Errorf("%s with a bad If-None-Match: %d, want 400", path, bad)
		}
	}
}

// TestOpenAPI_pagesAndLimits does the same where pages of other origins may call, and where there is a rate limit.
func TestOpenAPI_pagesAndLimits(t *testing.T) {
	t.Parallel()
	upstream := newRawUpstream(t, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nETag: \"1-1\"\r\nCache-Control: no-cache\r\n"+
		"Content-Length: 80\r\n\r\n"+`{"name":"KrishnaMohan","phone":9731423166,"since":"2026-11-22T18:48:57.904759Z"}`)
	g := startWith(t, parse(t, upstream.url, `
cors: {origins: [https://app.example], credentials: true}
rate_limits: {few: {rate: 1/h, burst: 2}}
routes:
  - {path: "/user/{name}", methods: [GET], upstream: find, timeout: 5s, rate_limit: few}
  - {path: /openapi.json, methods: [GET], respond: openapi}
`))
	plain := &http.Transport{DisableKeepAlives: true, DisableCompression: true}
	_, _, body := send(t, g, plain, "GET /openapi.json")
	watched := openapitest.MustLoad(t, []byte(body)).Watch(t, g.addr, plain)
	page := []string{"Origin", "https://app.example"}
	for _, c := range []struct {
		call    string
		headers []string
		status  int
		has     []string
	}{
		{"OPTIONS /user/KrishnaMohan", append(page, "Access-Control-Request-Method", "GET"), 204, []string{
			"Access-Control-Allow-Origin", "Access-Control-Allow-Methods", "Access-Control-Allow-Headers", "Access-Control-Max-Age",
			"Access-Control-Allow-Credentials", "Vary"}},
		{"GET /openapi.json", page, 200, []string{"Access-Control-Allow-Origin", "Access-Control-Expose-Headers", "Vary"}},
		{"GET /nowhere", page, 404, []string{"Access-Control-Allow-Origin"}},
		{"GET /user/KrishnaMohan", page, 200, []string{"RateLimit", "RateLimit-Policy", "Access-Control-Allow-Origin"}},
		{"GET /user/KrishnaMohan", nil, 200, []string{"RateLimit", "Vary"}},
		{"GET /user/KrishnaMohan", page, 429, []string{"RateLimit", "Retry-After", "Access-Control-Allow-Origin"}},
	} {
		status, header, text := send(t, g, watched, c.call, c.headers...)
		if status != c.status {
			t.Errorf("%s: %d %s, want %d", c.call, status, text, c.status)
		}
		for _, name := range c.has {
			if header.Get(name) == "" {
				t.Errorf("%s: no %s, which the document is to be held against", c.call, name)
			}
		}
	}
}

// send asks a gateway, with headers given as names and values.
func send(
	t *testing.T, g *started, transport http.RoundTripper, call string, headers ...string,
) (status int, header http.Header, text string) {
	t.Helper()
	method, path, _ := strings.Cut(call, " ")
	r, err := http.NewRequestWithContext(t.Context(), method, "http://"+g.addr+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	response, err := transport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, response.Header, string(body)
}
