package gateway_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/glarimy/ums/gateway"
	"github.com/glarimy/ums/gateway/edge"
	"github.com/glarimy/ums/shared/problem"
)

// TestPaths_opaque sends each target over a raw connection, and compares what a raw upstream received.
func TestPaths_opaque(t *testing.T) {
	t.Parallel()
	upstream := newRawUpstream(t, okAnswer)
	g := start(t, upstream.url)
	for _, want := range []string{
		"/user/KrishnaMohan",
		"/user/..%2f..x",
		"/user/..%2F..%2F..%2Fetc%2Fpasswd",
		"/user/a%2Fb",
		"/user/a%2fb",
		"/user/a%25b",
		"/user/a%252Fb",
		"/user/%00",
		"/user/%ff%fe",
		"/user/a%5Cb",
		"/user/a%3Fb%23c",
		"/user/%E0%A4%95%E0%A5%83%E0%A4%B7",
		"/user/Krishna%20Mohan",
		"/user/Krishna+Mohan",
		"/user/a;b=c,d:e@f!$&'()*",
		"/user/...",
		"/user/~a.b_c-",
		"/user/overview",
		"/user/x?",
		"/user/x?a=1;b=2",
		"/user/x?a=%zz&b=%",
		"/user/x?a=b?c/../d",
		"/user?name_prefix=a%2Fb&limit=5",
		"/user?phone=1&phone=2",
		"/journal/stream",
		"/journal/01J9Z",
		"/journal?user=a%20b",
	} {
		res := roundTrip(t, g.addr, "GET "+want+" HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
		if res.StatusCode != http.StatusOK || string(res.body) != "ok" {
			t.Errorf("%s: %d %q", want, res.StatusCode, res.body)
			continue
		}
		if got := target(upstream.last(t)); got != want {
			t.Errorf("sent upstream as %q, want %q", got, want)
		}
	}
}

// TestPaths_encoded sends what may stand in no URI, which goes on percent-encoded: HTTP parsers of other languages refuse it
// as it is, with an answer of their own.
func TestPaths_encoded(t *testing.T) {
	t.Parallel()
	upstream := newRawUpstream(t, okAnswer)
	g := start(t, upstream.url)
	for sent, want := range map[string]string{
		"/user/कृष्णमोहन":           "/user/%E0%A4%95%E0%A5%83%E0%A4%B7%E0%A5%8D%E0%A4%A3%E0%A4%AE%E0%A5%8B%E0%A4%B9%E0%A4%A8",
		"/user/a|b^c`d{e}\"f<g>%2f": "/user/a%7Cb%5Ec%60d%7Be%7D%22f%3Cg%3E%2f",
		"/user/x?q=%E0%A4%95&r=क":   "/user/x?q=%E0%A4%95&r=%E0%A4%95",
		"/user/\xff\xfe":            "/user/%FF%FE",
	} {
		res := roundTrip(t, g.addr, "GET "+sent+" HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
		if res.StatusCode != http.StatusOK {
			t.Errorf("%q: %d %q", sent, res.StatusCode, res.body)
		} else if got := target(upstream.last(t)); got != want {
			t.Errorf("%q was sent upstream as %q, want %q", sent, got, want)
		}
	}
}

func TestPaths_absoluteForm(t *testing.T) {
	t.Parallel()
	upstream := newRawUpstream(t, okAnswer)
	g := start(t, upstream.url)
	res := roundTrip(t, g.addr, "GET http://elsewhere/user/a%2Fb?x=y HTTP/1.1\r\nHost: h\r\n\r\n")
	if res.StatusCode != http.StatusOK {
		t.Fatalf("%d %s", res.StatusCode, res.body)
	}
	head := upstream.last(t)
	if got, want := target(head), "/user/a%2Fb?x=y"; got != want {
		t.Errorf("sent upstream as %q, want %q", got, want)
	}
	if got := values(head, "X-Forwarded-Host"); len(got) != 1 || got[0] != "elsewhere" {
		t.Errorf("X-Forwarded-Host = %q, want that of the URL", got)
	}
}

func TestPaths_refused(t *testing.T) {
	t.Parallel()
	upstream := newRawUpstream(t, okAnswer)
	g := start(t, upstream.url)
	for want, targets := range map[problem.Type][]string{
		problem.InvalidRequestTarget: {
			"/user/..", "/user/.", "/..", "/user/../journal", "/user/./x", "/user/%2e%2e", "/user/%2E", "/user/.%2e/overview",
			`/user/a\b`, "/user/a#b", "/user?a#b", "http://h/user/..",
		},
		problem.RouteNotFound: {
			"/", "//", "///", "//user", "/user/", "//user/x", "/user//x", "/user/x/", "/user//overview", "/user/x/y", "/User",
			"/us%65r", "/metrics", "/journal/", "/journal/a/b", "http://h", "/user%2Fx", "/%2e%2e%2fuser",
		},
	} {
		for _, target := range targets {
			res := roundTrip(t, g.addr, "GET "+target+" HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
			if res.Header.Get("Location") != "" {
				t.Errorf("%s: redirected", target)
			}
			wantProblem(t, res, want, "")
		}
	}
	// These are refused as soon as they are read.
	for _, target := range []string{"/user/%", "/user/%2", "/user/%zz", "/user/a\x01b", "user", "/user/a b"} {
		res := roundTrip(t, g.addr, "GET "+target+" HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
		if res.StatusCode != http.StatusBadRequest {
			t.Errorf("%q: %d, want 400", target, res.StatusCode)
		}
	}
	if seen := upstream.requests(); len(seen) != 0 {
		t.Errorf("the upstream has seen %q", seen)
	}
}

// TestPaths_concurrent checks that requests in parallel, over connections that are used again, do not mix.
func TestPaths_concurrent(t *testing.T) {
	t.Parallel()
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.RequestURI+" "+r.Header.Get("X-Request-Id"))
	}))
	t.Cleanup(upstream.Close)
	g := start(t, upstream.URL)
	var clients sync.WaitGroup
	for c := range 8 {
		clients.Go(func() {
			client := dialRaw(t, g.addr)
			for i := range 50 {
				id := fmt.Sprintf("%d-%d", c, i)
				client.write(t, "GET /user/a%%2F%s HTTP/1.1\r\nHost: h\r\nX-Request-Id: %s\r\n\r\n", id, id)
				res, err := client.read(http.MethodGet)
				if want := "/user/a%2F" + id + " " + id; err != nil || string(res.body) != want {
					t.Errorf("%q, %v; want %q", res.body, err, want)
					return
				}
			}
		})
	}
	clients.Wait()
}

// TestPaths_http2 checks that a request that comes in over HTTP/2 and TLS keeps its path as well.
func TestPaths_http2(t *testing.T) {
	t.Parallel()
	upstream := newRawUpstream(t, okAnswer)
	logger, registry := slog.New(slog.DiscardHandler), prometheus.NewRegistry()
	g, err := gateway.NewGateway(mustLoad(t, everySlotAt(upstream.url)), newBackends(t, logger, registry), logger, registry, nil)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(edge.HTTPHandler(g, edge.DefaultLimits(), nil))
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(func() { server.Close(); g.Close() })
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/user/..%2f..x?a=b;c", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	res, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	head := upstream.last(t)
	if res.ProtoMajor != 2 || res.StatusCode != http.StatusOK || target(head) != "/user/..%2f..x?a=b;c" {
		t.Errorf("%s %d; the upstream got %q", res.Proto, res.StatusCode, head)
	}
	if got := values(head, "Via"); !slices.Equal(got, []string{"2 ums-gateway"}) {
		t.Errorf("Via = %q", got)
	}
	if got := values(head, "X-Forwarded-Proto"); !slices.Equal(got, []string{"https"}) {
		t.Errorf("X-Forwarded-Proto = %q", got)
	}
}

// FuzzForward sends arbitrary targets through a whole gateway: what arrives upstream is what was sent, percent-encoded where
// it may stand in no URI, or nothing is.
func FuzzForward(f *testing.F) {
	for _, seed := range []string{
		"/user/..%2f..x", "/user/a%2Fb", "/user/%2e%2e", "/user/a%25b", "//", "/user/", "/user/x?a;b=%zz",
		"http://h/user/x", "/user/x?", "/user/\xff\xfe", "/user/..;a", "/journal/stream",
	} {
		f.Add(seed)
	}
	upstream := newRawUpstream(f, okAnswer)
	g := start(f, upstream.url)
	f.Fuzz(func(t *testing.T, want string) {
		if strings.ContainsAny(want, "\r\n ") || len(want) > 4096 {
			t.Skip("ends the request line")
		}
		client := dialRaw(t, g.addr)
		fmt.Fprintf(client, "GET %s HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", want)
		res, err := client.read(http.MethodGet)
		if err != nil {
			t.Fatal(err)
		}
		if res.StatusCode != http.StatusOK {
			if res.StatusCode >= 500 && res.StatusCode != http.StatusNotImplemented {
				t.Fatalf("%q: %d %s", want, res.StatusCode, res.body)
			}
			if seen := upstream.requests(); len(seen) != 0 {
				t.Fatalf("%q was refused, and sent upstream all the same: %q", want, seen)
			}
			return
		}
		got := target(upstream.last(t))
		if _, rest, absolute := strings.Cut(want, "://"); absolute && !strings.HasPrefix(want, "/") {
			want = rest[strings.IndexAny(rest, "/?"):]
		}
		if got != encoded(want) {
			t.Fatalf("%q was sent upstream as %q", want, got)
		}
	})
}

// encoded percent-encodes what may stand in no URI.
func encoded(target string) string {
	var b strings.Builder
	for i := range len(target) {
		if c := target[i]; c >= 0x80 || strings.IndexByte(`"<>\^`+"`{|}", c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}
