package gateway_test

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestHeaders_request sends headers of every kind, and compares what a raw upstream received.
func TestHeaders_request(t *testing.T) {
	t.Parallel()
	upstream := newRawUpstream(t, okAnswer)
	g := start(t, upstream.url)
	roundTrip(t, g.addr, strings.Join([]string{
		"GET /user/x HTTP/1.1", "Host: public.example:8080",
		// between the client and the gateway
		"Connection: keep-alive, X-Private , upgrade, X-Request-Id, Ums-Deadline-Ms", "X-Private: secret", "Keep-Alive: timeout=5",
		"Proxy-Connection: keep-alive", "Proxy-Authorization: Basic eA==", "Proxy-Authenticate: Basic", "TE: gzip",
		"Upgrade: h2c", "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA",
		// what only the gateway may say
		"Ums-Actor: forged", "ums-scopes: forged", "UMS-DEADLINE-MS: 1", "Ums-Anything: forged", "Ums_Actor: forged",
		"ums_scopes: forged", "X-Forwarded-For: 6.6.6.6", "X-Forwarded-Host: forged", "X-Forwarded-Proto: forged",
		"X-Forwarded-Port: forged", "X_Forwarded_For: 6.6.6.6", "X-Real-IP: 6.6.6.6", "Forwarded: for=6.6.6.6",
		"X_Request_Id: forged", "Proxy: forged",
		// what goes through
		"Accept: application/json", "If-None-Match: \"1-1\"", "Last-Event-ID: 7", "Accept-Encoding: br", "Cookie: a=b",
		"Authorization: Bearer x", "Traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
		"X-Custom: one", "X-Custom: two", "Via: 1.0 fred", "X-Request-Id: mine-1", "", "",
	}, "\r\n"))
	head := upstream.last(t)
	want := map[string][]string{
		"Host":              {strings.TrimPrefix(upstream.url, "http://")},
		"X-Forwarded-For":   {"127.0.0.1"},
		"X-Forwarded-Host":  {"public.example:8080"},
		"X-Forwarded-Proto": {"http"},
		"X-Request-Id":      {"mine-1"},
		"Via":               {"1.0 fred, 1.1 ums-gateway"},
		"Accept":            {"application/json"},
		"If-None-Match":     {`"1-1"`},
		"Last-Event-Id":     {"7"},
		"Accept-Encoding":   {"br"},
		"Cookie":            {"a=b"},
		"Authorization":     {"Bearer x"},
		"Traceparent":       {"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
		"X-Custom":          {"one", "two"},
	}
	for name, values1 := range want {
		if got := values(head, name); !slices.Equal(got, values1) {
			t.Errorf("%s = %q, want %q", name, got, values1)
		}
	}
	for line := range strings.SplitSeq(strings.TrimSpace(head), "\r\n") {
		name, _, found := strings.Cut(line, ": ")
		if found && want[http.CanonicalHeaderKey(name)] == nil && name != "Ums-Deadline-Ms" {
			t.Errorf("the upstream got %q", line)
		}
	}
	deadline := values(head, "Ums-Deadline-Ms")
	if len(deadline) != 1 {
		t.Fatalf("Ums-Deadline-Ms = %q", deadline)
	}
	if ms, err := strconv.Atoi(deadline[0]); err != nil || ms <= 3000 || ms > 5000 {
		t.Errorf("Ums-Deadline-Ms = %q, want what is left of 5 s", deadline[0])
	}
}

// TestHeaders_bare checks that the gateway adds nothing that the client did not want said.
func TestHeaders_bare(t *testing.T) {
	t.Parallel()
	upstream := newRawUpstream(t, okAnswer)
	g := start(t, upstream.url)
	roundTrip(t, g.addr, "GET /journal/stream HTTP/1.1\r\nHost: h\r\n\r\n")
	var names []string
	for line := range strings.SplitSeq(strings.TrimSpace(upstream.last(t)), "\r\n") {
		if name, _, found := strings.Cut(line, ": "); found {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	want := []string{"Host", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Request-Id"}
	if !slices.Equal(names, want) {
		t.Errorf("the upstream got %q, want %q: no deadline for a stream, no User-Agent, no Accept-Encoding", names, want)
	}
}

func TestHeaders_response(t *testing.T) {
	t.Parallel()
	upstream := newRawUpstream(t, strings.Join([]string{
		"HTTP/1.1 404 Not Found", "Content-Type: application/problem+json", "Content-Length: 11",
		"Connection: X-Private, keep-alive", "X-Private: secret", "Keep-Alive: timeout=5", "Proxy-Authenticate: Basic",
		"Upgrade: h2c", "Ums-Node: 10.0.0.7", "X-Request-Id: theirs", "Etag: \"1-1\"", "Set-Cookie: a", "Set-Cookie: b",
		"Retry-After: 7", "", `{"type":""}`,
	}, "\r\n"))
	g := start(t, upstream.url)
	res := roundTrip(t, g.addr, "GET /user/x HTTP/1.1\r\nHost: h\r\nX-Request-Id: mine-1\r\n\r\n")
	res.Header.Del("Date")
	want := http.Header{
		"Content-Type": {"application/problem+json"}, "Content-Length": {"11"}, "Etag": {`"1-1"`},
		"Set-Cookie": {"a", "b"}, "Retry-After": {"7"}, "X-Request-Id": {"mine-1"}, "X-Content-Type-Options": {"nosniff"},
		"Content-Security-Policy": {"default-src 'none'; frame-ancestors 'none'"}, "Referrer-Policy": {"no-referrer"},
	}
	for name := range res.Header {
		if want[name] == nil {
			t.Errorf("the client got %s: %q", name, res.Header[name])
		}
	}
	for name, values := range want {
		if got := res.Header[name]; !slices.Equal(got, values) {
			t.Errorf("%s = %q, want %q", name, got, values)
		}
	}
	if res.StatusCode != http.StatusNotFound || string(res.body) != `{"type":""}` {
		t.Errorf("%d %q, want the upstream's problem untouched", res.StatusCode, res.body)
	}
}

func TestHeaders_requestID(t *testing.T) {
	t.Parallel()
	upstream := newRawUpstream(t, okAnswer)
	g := start(t, upstream.url)
	for name, tt := range map[string]struct {
		sent string
		kept bool
	}{
		"a valid one":  {"abc-123", true},
		"the longest":  {strings.Repeat("x", 128), true},
		"none":         {"", false},
		"too long":     {strings.Repeat("x", 129), false},
		"with a space": {"a b", false},
		"not ASCII":    {"é", false},
	} {
		res := roundTrip(t, g.addr, "GET /user/x HTTP/1.1\r\nHost: h\r\nX-Request-Id: "+tt.sent+"\r\n\r\n")
		answered, forwarded := res.Header.Values("X-Request-Id"), values(upstream.last(t), "X-Request-Id")
		if len(answered) != 1 || !slices.Equal(answered, forwarded) || answered[0] == "" || (answered[0] == tt.sent) != tt.kept {
			t.Errorf("%s: answered %q and forwarded %q", name, answered, forwarded)
		}
	}
}

// TestHeaders_interim checks that 1xx answers pass, and that they do not sweep away what the gateway has to say.
func TestHeaders_interim(t *testing.T) {
	t.Parallel()
	upstream := newRawUpstream(t, "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"+okAnswer)
	g := start(t, upstream.url)
	client := dialRaw(t, g.addr)
	client.write(t, "GET /user/x HTTP/1.1\r\nHost: h\r\nX-Request-Id: mine-1\r\n\r\n")
	interim, err := client.read(http.MethodGet)
	if err != nil || interim.StatusCode != http.StatusEarlyHints || interim.Header.Get("Link") != "</x>" {
		t.Fatalf("%+v, %v; want 103", interim.Response, err)
	}
	final, err := client.read(http.MethodGet)
	if err != nil || final.StatusCode != http.StatusOK || final.Header.Get("X-Request-Id") != "mine-1" ||
		final.Header.Get("Link") != "" {
		t.Errorf("%+v, %v; want 200 with the request's id alone", final.Response, err)
	}
}
