package gateway_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/glarimy/ums/gateway"
	"github.com/glarimy/ums/gateway/config"
	"github.com/glarimy/ums/shared/httpserver"
	"github.com/glarimy/ums/shared/problem"
)

// parse reads a configuration whose only upstream is find.
func parse(t *testing.T, upstreamURL, text string) config.Config {
	t.Helper()
	file := "version: 1\nupstreams: {find: {url: \"${FIND_URL}\"}}\n" + text
	c, err := config.Load("gateway.yaml", []byte(file), func(string) (string, error) { return upstreamURL, nil })
	if err != nil {
		t.Fatal(err)
	}
	return c
}

const limitedRoutes = `
rate_limits:
  two: {rate: 1/h, burst: 2}
  one: {rate: 1/h, burst: 1}
  place: {rate: 1/h, burst: 1, by: address}
routes:
  - {path: "/two/{x}", methods: [GET], upstream: find, timeout: 5s, scopes: [read], rate_limit: two}
  - {path: "/place/{x}", methods: [GET], upstream: find, timeout: 5s, scopes: [read], rate_limit: place}
  - {path: "/free/{x}", methods: [GET], upstream: find, timeout: 5s}
`

func TestRateLimit(t *testing.T) {
	t.Parallel()
	upstream := newRawUpstream(t, "HTTP/1.1 200 OK\r\nratelimit: \"theirs\";r=7;t=1\r\nX-content-type-options: no\r\nContent-Length: 2\r\n\r\nok")
	file := filepath.Join(t.TempDir(), "keys.yaml")
	text := "access: {mode: enforced, keys: " + file + "}" + limitedRoutes
	keys := map[string]string{"a": newKey(t, file, "a", "read"), "b": newKey(t, file, "b", "read")}
	var out strings.Builder
	args := []string{"key", "new", "-file", file, "-id", "own", "-actor", "own", "-scopes", "read", "-rate-limit", "one"}
	if err := gateway.Main(t.Context(), args, environment(nil), &out); err != nil {
		t.Fatal(err)
	}
	keys["own"] = strings.TrimSpace(out.String())
	registry := httpserver.NewRegistry()
	service, _ := serveUntil(t, environment(nil), func(_ *httpserver.Config, d *gateway.Dependencies) {
		d.Routes, d.Registry = parse(t, upstream.url, text), registry
	})
	send := func(path, key string) response {
		return roundTrip(t, service.Addr(), "GET "+path+" HTTP/1.1\r\nHost: h\r\nX-API-Key: "+keys[key]+"\r\n\r\n")
	}
	for i, tt := range []struct {
		path, key, left string // left is empty for a request that is refused
	}{
		{"/two/1", "a", `"two";r=1;t=3600`}, {"/two/2", "a", `"two";r=0;t=7200`}, {"/two/3", "a", ""},
		{"/two/1", "b", `"two";r=1;t=3600`},                          // another key
		{"/two/1", "own", `"one";r=0;t=3600`}, {"/two/1", "own", ""}, // a limit of its own
		{"/place/1", "a", `"place";r=0;t=3600`}, {"/place/1", "b", ""}, // by address
	} {
		if i == 2 { // what is known of the clients outlives a reload
			if err := service.Apply(parse(t, upstream.url, text)); err != nil {
				t.Fatal(err)
			}
		}
		res := send(tt.path, tt.key)
		if tt.left == "" {
			wantProblem(t, res, problem.RateLimited, "")
			if again := res.Header.Get("Retry-After"); again != "3600" || !strings.HasSuffix(res.Header.Get("RateLimit"), ";r=0;t=3600") {
				t.Errorf("%d: Retry-After %q, %q", i, again, res.Header)
			}
			continue
		}
		if got := res.Header.Values("RateLimit"); res.StatusCode != http.StatusOK || !slices.Equal(got, []string{tt.left}) ||
			len(res.Header.Values("RateLimit-Policy")) != 1 || len(res.Header.Values("X-Content-Type-Options")) != 1 {
			t.Errorf("%d: %d %q, want RateLimit %q and every field once", i, res.StatusCode, res.Header, tt.left)
		}
	}
	if res := send("/free/x", "a"); res.Header.Get("RateLimit") != `"theirs";r=7;t=1` {
		t.Errorf("a route without a limit: %q", res.Header)
	}
	want := `
# HELP ums_gateway_refusals_total Requests that might not pass, by the problem that they were answered.
# TYPE ums_gateway_refusals_total counter
ums_gateway_refusals_total{reason="rate-limited"} 3
ums_gateway_refusals_total{reason="unauthenticated"} 1
`
	send("/two/1", "nobody's")
	if err := testutil.GatherAndCompare(withoutZeros{registry}, strings.NewReader(want), "ums_gateway_refusals_total"); err != nil {
		t.Error(err)
	}
}

func TestClientAddress(t *testing.T) {
	t.Parallel()
	upstream := newRawUpstream(t, okAnswer)
	log := new(syncBuffer)
	behind := func(proxies string) string {
		return serve(t, environment(nil), func(c *httpserver.Config, d *gateway.Dependencies) {
			d.Routes = parse(t, upstream.url, proxies+limitedRoutes)
			c.AccessLog, d.Logger = "all", slog.New(slog.NewJSONHandler(log, nil))
		})
	}
	trusting, wary := behind("trusted_proxies: [127.0.0.0/8]"), behind("")
	const said = "X-Forwarded-For: 10.1.1.1, 192.0.2.1\r\nX-Forwarded-For: 127.0.0.9\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: ums.example\r\n"
	for i, tt := range []struct {
		addr, lines                string
		status                     int
		wantFor, wantHost, wantHow string
	}{
		{trusting, said, 200, "192.0.2.1", "ums.example", "https"},
		{trusting, said, 429, "", "", ""},
		{trusting, "X-Forwarded-For: 192.0.2.2\r\nX-Forwarded-Proto: gopher\r\nX-Forwarded-Host: a b\r\n", 200, "192.0.2.2", "h", "http"},
		{trusting, "", 200, "127.0.0.1", "h", "http"},
		{wary, said, 200, "127.0.0.1", "h", "http"},
		{wary, "X-Forwarded-For: 192.0.2.3\r\n", 429, "", "", ""},
	} {
		res := roundTrip(t, tt.addr, "GET /place/x HTTP/1.1\r\nHost: h\r\n"+tt.lines+"\r\n")
		if res.StatusCode != tt.status {
			t.Errorf("%d: %d, want %d", i, res.StatusCode, tt.status)
		}
		if tt.status != http.StatusOK {
			continue
		}
		head := upstream.last(t)
		for name, want := range map[string]string{
			"X-Forwarded-For": tt.wantFor, "X-Forwarded-Host": tt.wantHost, "X-Forwarded-Proto": tt.wantHow,
		} {
			if got := values(head, name); !slices.Equal(got, []string{want}) {
				t.Errorf("%d: %s = %q, want %q", i, name, got, want)
			}
		}
	}
	waitFor(t, func() bool { return strings.Count(log.String(), `"client":"192.0.2.1"`) == 2 })
	if strings.Contains(log.String(), "192.0.2.3") {
		t.Error("the log believes a client that no proxy speaks for")
	}
}

func TestCORS(t *testing.T) {
	t.Parallel()
	upstream := newRawUpstream(t, "HTTP/1.1 200 OK\r\naccess-control-allow-origin: *\r\nVary: Accept\r\nContent-Length: 2\r\n\r\nok")
	addr := serve(t, environment(nil), func(_ *httpserver.Config, d *gateway.Dependencies) {
		d.Routes = parse(t, upstream.url, "cors: {origins: [https://app.example]}"+limitedRoutes)
	})
	for name, tt := range map[string]struct {
		call, lines string
		status      int
		origin      string
		vary        []string
	}{
		"a preflight":    {"OPTIONS /free/x", "Origin: https://app.example\r\nAccess-Control-Request-Method: GET\r\n", 204, "https://app.example", []string{"Origin, Access-Control-Request-Method, Access-Control-Request-Headers"}},
		"another page's": {"OPTIONS /free/x", "Origin: https://else.example\r\nAccess-Control-Request-Method: GET\r\n", 204, "", []string{"Origin, Access-Control-Request-Method, Access-Control-Request-Headers"}},
		"no preflight":   {"OPTIONS /free/x", "Origin: https://app.example\r\n", 204, "https://app.example", []string{"Origin"}},
		"a request":      {"GET /free/x", "Origin: https://app.example\r\n", 200, "https://app.example", []string{"Origin", "Accept"}},
		"another page":   {"GET /free/x", "Origin: https://else.example\r\n", 200, "", []string{"Origin", "Accept"}},
		"no page":        {"GET /free/x", "", 200, "", []string{"Origin", "Accept"}},
		"a refusal":      {"GET /nowhere", "Origin: https://app.example\r\n", 404, "https://app.example", []string{"Origin"}},
	} {
		res := roundTrip(t, addr, tt.call+" HTTP/1.1\r\nHost: h\r\n"+tt.lines+"\r\n")
		if got := strings.Join(res.Header.Values("Access-Control-Allow-Origin"), "+"); res.StatusCode != tt.status || got != tt.origin ||
			!slices.Equal(res.Header.Values("Vary"), tt.vary) {
			t.Errorf("%s: %d %q", name, res.StatusCode, res.Header)
		}
		if methods := res.Header.Get("Access-Control-Allow-Methods"); (methods == "GET, HEAD, OPTIONS") != (name == "a preflight") {
			t.Errorf("%s: methods %q", name, methods)
		}
	}
}

func TestSecurityHeaders(t *testing.T) {
	t.Parallel()
	upstream := newRawUpstream(t, "HTTP/1.1 200 OK\r\ncontent-security-policy: default-src 'self'\r\nContent-Security-Policy: img-src *\r\n"+
		"X-Content-Type-Options: nosniff\r\nContent-Length: 2\r\n\r\nok")
	var files gateway.TLS
	service, _ := serveUntil(t, everySlotAt(upstream.url), func(_ *httpserver.Config, d *gateway.Dependencies) {
		files = writeCertificate(t, t.TempDir(), 1)
		d.TLS = files
	})
	certificates := &tls.Config{InsecureSkipVerify: true}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: certificates, DisableKeepAlives: true, ForceAttemptHTTP2: true}}
	const none = "default-src 'none'; frame-ancestors 'none'"
	for path, want := range map[string][]string{
		"/user/x": {"default-src 'self'", "img-src *"}, "/livez": {none}, "/nowhere": {none}, "/docs": {"style-src"},
	} {
		for base, transport := range map[string]string{"http://" + service.Addr(): "", "https://" + service.TLSAddr(): "max-age=31536000"} {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			res, err := client.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			_ = res.Body.Close()
			policies := res.Header.Values("Content-Security-Policy")
			if len(policies) != len(want) || !strings.Contains(policies[0], want[0]) ||
				res.Header.Get("Strict-Transport-Security") != transport || res.Header.Get("Referrer-Policy") != "no-referrer" ||
				!slices.Equal(res.Header.Values("X-Content-Type-Options"), []string{"nosniff"}) {
				t.Errorf("%s%s: %q", base, path, res.Header)
			}
		}
	}
}

// TestSecurityHeaders_refusals checks that what is no request is answered no worse.
func TestSecurityHeaders_refusals(t *testing.T) {
	t.Parallel()
	service, _ := serveUntil(t, everySlotAt("http://127.0.0.1:1"), func(_ *httpserver.Config, d *gateway.Dependencies) {
		d.TLS = writeCertificate(t, t.TempDir(), 1)
	})
	for raw, status := range map[string]int{
		"GET /user/x HTTP/1.1\r\nHost : h\r\n\r\n":                             400,
		"GET /" + strings.Repeat("x", 33<<10) + " HTTP/1.1\r\nHost: h\r\n\r\n": 431,
		"GET /user/x HTTP/1.1\r\nHost: h\r\nExpect: more\r\n\r\n":              417,
		"GET /user/x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\n":   501,
		"GET /user/x HTTP/3.0\r\nHost: h\r\n\r\n":                              505,
		"POST /user HTTP/1.1\r\nHost: h\r\nContent-Length: 9999999\r\n\r\n":    413,
	} {
		for _, secure := range []bool{false, true} {
			client, transport := dialRaw(t, service.Addr()), ""
			if secure {
				conn, err := tls.Dial("tcp", service.TLSAddr(), &tls.Config{InsecureSkipVerify: true})
				if err != nil {
					t.Fatal(err)
				}
				client, transport = &rawClient{Conn: conn, reader: bufio.NewReader(conn)}, "max-age=31536000"
			}
			client.write(t, "%s", raw)
			res, err := client.read(http.MethodGet)
			_ = client.Close()
			if err != nil || res.StatusCode != status || res.Header.Get("X-Content-Type-Options") != "nosniff" ||
				res.Header.Get("Content-Security-Policy") != "default-src 'none'; frame-ancestors 'none'" ||
				res.Header.Get("Referrer-Policy") != "no-referrer" || res.Header.Get("Strict-Transport-Security") != transport {
				t.Errorf("%.60q: %v, %d %q, want %d", raw, err, res.StatusCode, res.Header, status)
			}
		}
	}
}

// TestGateway_keysAbsent shows that nobody starts a gateway without those who may call it.
func TestGateway_keysAbsent(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "keys.yaml")
	c := parse(t, "http://127.0.0.1:1", fmt.Sprintf("access: {mode: enforced, keys: %s}%s", file, limitedRoutes))
	dependencies := gateway.Dependencies{Routes: c, Logger: slog.New(slog.DiscardHandler), Registry: httpserver.NewRegistry()}
	if _, err := gateway.New(httpserver.Config{AdminAddr: "off"}, dependencies); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("%v, want a word about %s", err, file)
	}
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	c.RateLimitRedis = "http://nowhere"
	dependencies.Routes, dependencies.Registry = c, httpserver.NewRegistry()
	if _, err := gateway.New(httpserver.Config{AdminAddr: "off"}, dependencies); err == nil || !strings.Contains(err.Error(), "Redis") {
		t.Errorf("%v, want a word about the Redis of the limits", err)
	}
}
