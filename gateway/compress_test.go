package gateway_test

import (
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
)

const compressed = "  - {path: \"/{what}\", methods: [GET], upstream: find, timeout: 5s}\ncompression: {min: 100}\n"

// fetched is an answer as it comes.
type fetched struct {
	path   string
	header http.Header
	length int64
	body   io.Reader
}

// fetch asks a gateway for a path with Accept-Encoding.
func fetch(t *testing.T, method, addr, path, accept string) fetched {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, "http://"+addr+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept-Encoding", accept)
	transport := &http.Transport{DisableCompression: true, DisableKeepAlives: true}
	response, err := transport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = response.Body.Close() })
	return fetched{path: path, header: response.Header, length: response.ContentLength, body: response.Body}
}

func TestCompression(t *testing.T) {
	t.Parallel()
	long := strings.Repeat(`{"name":"Ada"},`, 1000)
	answers := map[string]http.HandlerFunc{
		"/long":        write(long, "Content-Type", "application/json"),
		"/problem":     write(long, "Content-Type", "application/vnd.x+json; charset=utf-8"),
		"/weak":        write(long, "Content-Type", "text/plain", "ETag", `W/"1"`),
		"/varied":      write(long, "Content-Type", "text/html", "Vary", "Origin"),
		"/short":       write("{}", "Content-Type", "application/json"),
		"/image":       write(long, "Content-Type", "image/png"),
		"/untyped":     write(long, "Content-Type", ""),
		"/tagged":      write(long, "Content-Type", "application/json", "ETag", `"1"`),
		"/encoded":     write(long, "Content-Type", "application/json", "Content-Encoding", "br"),
		"/untouchable": write(long, "Content-Type", "application/json", "Cache-Control", "private, no-transform"),
		"/digested":    write(long, "Content-Type", "application/json", "Content-Digest", "sha-256=:x:"),
		"/events":      write(long, "Content-Type", "text/event-stream"),
		"/failed": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Length", strconv.Itoa(len(long)))
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = io.WriteString(w, long)
		},
	}
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { answers[r.URL.Path](w, r) }))
	t.Cleanup(upstream.Close)
	g := startRoutes(t, upstream.URL, compressed)
	for _, path := range []string{"/long", "/problem", "/weak", "/varied"} {
		wantGzip(t, fetch(t, http.MethodGet, g.addr, path, "gzip"), long)
		plain := fetch(t, http.MethodGet, g.addr, path, "identity")
		if vary := strings.Join(plain.header.Values("Vary"), ", "); plain.header.Get("Content-Encoding") != "" ||
			plain.length != int64(len(long)) || !strings.Contains(vary, "Accept-Encoding") {
			t.Errorf("%s as it is: length %d, %v", path, plain.length, plain.header)
		}
		if head := fetch(t, http.MethodHead, g.addr, path, "gzip"); head.header.Get("Content-Encoding") != "" {
			t.Errorf("HEAD %s: %v", path, head.header)
		}
	}
	for _, path := range []string{
		"/short", "/image", "/untyped", "/tagged", "/encoded", "/untouchable", "/digested", "/events", "/failed",
	} {
		got := fetch(t, http.MethodGet, g.addr, path, "gzip")
		if coding := got.header.Get("Content-Encoding"); coding == "gzip" || got.length < 0 {
			t.Errorf("%s: coding %q, length %d: want it as it is", path, coding, got.length)
		}
	}
}

// write returns a handler that answers with a text and header fields.
func write(text string, fields ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(fields); i += 2 {
			w.Header()[http.CanonicalHeaderKey(fields[i])] = fields[i+1 : i+2]
		}
		w.Header().Set("Content-Length", strconv.Itoa(len(text)))
		_, _ = io.WriteString(w, text)
	}
}

func wantGzip(t *testing.T, got fetched, want string) {
	t.Helper()
	if got.header.Get("Content-Encoding") != "gzip" || got.length >= 0 {
		t.Errorf("%s: not compressed: length %d, %v", got.path, got.length, got.header)
		return
	}
	z, err := gzip.NewReader(got.body)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(z); err != nil || string(text) != want {
		t.Errorf("%s: %d bytes (%v), want %d", got.path, len(text), err, len(want))
	}
}

// TestCompression_stream: what has come is sent on at once; and an answer that breaks off does not look whole.
func TestCompression_stream(t *testing.T) {
	t.Parallel()
	goOn := make(chan struct{})
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-ndjson")
		_, _ = io.WriteString(w, "one\n")
		_ = http.NewResponseController(w).Flush()
		<-goOn
		_, _ = io.WriteString(w, "two\n")
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}))
	t.Cleanup(upstream.Close)
	g := startRoutes(t, upstream.URL, compressed)
	z, err := gzip.NewReader(fetch(t, http.MethodGet, g.addr, "/stream", "gzip").body)
	if err != nil {
		t.Fatal(err)
	}
	first := make([]byte, len("one\n"))
	if _, err := io.ReadFull(z, first); err != nil || string(first) != "one\n" {
		t.Fatalf("read %q (%v) before the upstream goes on", first, err)
	}
	close(goOn)
	if rest, err := io.ReadAll(z); string(rest) != "two\n" || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("then %q, %v, want an answer that breaks off", rest, err)
	}
}
