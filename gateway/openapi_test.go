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
	send := func(transport http.RoundTripper, call string, headers ...string) (status int, header http.Header, text string) {
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
	plain := &http.Transport{DisableKeepAlives: true, DisableCompression: true}
	_, _, body := send(plain, "GET /openapi.json")
	watched := openapitest.MustLoad(t, []byte(body)).Watch(t, g.addr, plain)
	for call, want := range map[string]int{
		"GET /openapi.json": 200, "HEAD /openapi.json": 200, "OPTIONS /openapi.json": 204, "PUT /openapi.json": 405,
		"GET /docs": 200, "HEAD /docs": 200, "DELETE /docs": 405, "GET /docs/": 404,
		"GET /user/KrishnaMohan/overview": 502, "GET /user/%2e%2e": 400, "GET /%2e/x": 400, "PUT /user": 405, "OPTIONS /user": 204,
	} {
		if status, _, body := send(watched, call); status != want {
			t.Errorf("%s: %d %s, want %d", call, status, body, want)
		}
	}
	for _, path := range []string{"/openapi.json", "/docs"} {
		_, first, _ := send(watched, "GET "+path)
		if again, _, _ := send(watched, "GET "+path, "If-None-Match", first.Get("Etag")); again != http.StatusNotModified {
			t.Errorf("%s with its own entity tag: %d, want 304", path, again)
		}
		if bad, _, _ := send(watched, "GET "+path, "If-None-Match", "x"); bad != http.StatusBadRequest {
			t.Errorf("%s with a bad If-None-Match: %d, want 400", path, bad)
		}
	}
}
