package overview_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/glarimy/ums/gateway/config"
	"github.com/glarimy/ums/gateway/overview"
	"github.com/glarimy/ums/shared/header"
	"github.com/glarimy/ums/shared/problem"
)

const (
	file = `
version: 1
upstreams: {find: {url: "http://find:8080"}, journal: {url: "http://journal"}}
routes:
  - path: /user/{name}/overview
    methods: [GET]
    timeout: 3s
    aggregate:
      - {name: user, upstream: find, path: "/user/{name}", required: true}
      - {name: log, key: activity, upstream: journal, path: "/journal?user={name}&limit=20", timeout: 1s, limit: 128}
`
	record = `{"name":"KrishnaMohan","phone":9731423166,"since":"2022-09-12T10:00:00Z"}`
	page   = `{"events":[],"next":null}`
	whole  = `{"user":` + record + `,"activity":` + page + `,"parts":{"user":{"status":200},"log":{"status":200}}}`
)

// service is a RoundTripper in the place of a slot. It never looks at the context unless it says so.
type service func(r *http.Request) (*http.Response, error)

func (s service) RoundTrip(r *http.Request) (*http.Response, error) { return s(r) }

// says answers with a status, a media type, a body, and pairs of headers.
func says(status int, media, body string, headers ...string) service {
	return func(r *http.Request) (*http.Response, error) {
		h := http.Header{"Content-Type": {media}}
		for i := 0; i < len(headers); i += 2 {
			h.Add(headers[i], headers[i+1])
		}
		return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
	}
}

func tells(status int, kind string, headers ...string) service {
	return says(status, "application/problem+json", ownProblem(status, kind), headers...)
}

// ownProblem has members that the gateway does not know, and characters that an encoder might change.
func ownProblem(status int, kind string) string {
	return fmt.Sprintf(`{"type":"#%s","status":%d,"detail":"<a> & \u00e9","more":[1.0]}`, kind, status)
}

func fails(err error) service {
	return func(*http.Request) (*http.Response, error) { return nil, err }
}

// silent waits for the end of the request's time.
func silent(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// after answers, but not before some time has passed, whether or not somebody still waits.
func after(wait time.Duration, then service) service {
	return func(r *http.Request) (*http.Response, error) {
		time.Sleep(wait) //nolint:forbidigo // the time of a synctest bubble
		return then(r)
	}
}

// breaksOff answers with the beginning of a body, and then with an error or with silence.
func breaksOff(end func(context.Context) error) service {
	return func(r *http.Request) (*http.Response, error) {
		body := io.MultiReader(strings.NewReader(`{"events":[`), reader(func() error { return end(r.Context()) }))
		return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(body)}, nil
	}
}

type reader func() error

func (f reader) Read([]byte) (int, error) { return 0, f() }

// failures gathers what the handler reports.
type failures struct {
	mu   sync.Mutex
	seen []string
}

func (f *failures) add(_ context.Context, failure overview.Failure) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen = append(f.seen, fmt.Sprintf("%s/%s/%s by %s", failure.Slot, failure.Part, failure.Kind, failure.RequestID))
}

func newHandler(tb testing.TB, file string, find, journal http.RoundTripper, told *failures) *overview.Handler {
	tb.Helper()
	c, err := config.Load("f.yaml", []byte(file), func(string) (string, error) { return "", nil })
	if err != nil {
		tb.Fatal(err)
	}
	h, err := overview.New(c, c.Routes[0], overview.Options{
		Upstream: func(slot string) http.RoundTripper {
			return map[string]http.RoundTripper{"find": find, "journal": journal}[slot]
		},
		OnFailure: told.add,
	})
	if err != nil {
		tb.Fatal(err)
	}
	return h
}

// inBubble runs a test with a clock of its own, and lets those finish whom the handler no longer waits for.
func inBubble(t *testing.T, test func(*testing.T)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		test(t)
		time.Sleep(2 * time.Hour) //nolint:forbidigo // the time of a synctest bubble
	})
}

func ask(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	w.Header().Set(header.RequestID, "r-1")
	h.ServeHTTP(w, r)
	return w
}

func get(target string) *http.Request { return httptest.NewRequest(http.MethodGet, target, nil) }

// gatewaysOwn is a problem that the gateway tells of a slot.
func gatewaysOwn(kind problem.Type, slot string) string {
	detail := map[problem.Type]string{
		problem.UpstreamUnavailable: "No instance of " + slot + " can be reached. Try again later.",
		problem.UpstreamTimeout:     "The answer of " + slot + " did not come in time. Try again later.",
		problem.UpstreamBroken:      "The connection to " + slot + " broke off before its answer was whole. Try again.",
		problem.UpstreamInvalid:     "What " + slot + " answered cannot be used: it is not JSON, or too large.",
	}[kind]
	p := problem.New(kind, detail)
	p.Instance, p.RequestID, p.Slot = "/user/KrishnaMohan/overview", "r-1", slot
	encoded, _ := json.Marshal(p)
	return string(encoded)
}

var refused = &net.OpError{Op: "dial", Err: errors.New("connection refused")}

// TestOptionalPart has the optional part go wrong in every way: the answer is 200, and tells how.
func TestOptionalPart(t *testing.T) {
	t.Parallel()
	const reset = "connection reset by peer"
	for name, tt := range map[string]struct {
		journal service
		status  int
		problem string        // in parts
		failure string        // reported
		takes   time.Duration // until the answer
	}{
		"right":     {says(200, "application/json", page+"\n"), 200, "", "", 0},
		"json+":     {says(200, "application/hal+json; charset=utf-8", page), 200, "", "", 0},
		"slow":      {after(time.Second-1, says(200, "application/json", page)), 200, "", "", time.Second - 1},
		"at limit":  {says(200, "application/json", page+strings.Repeat(" ", 128-len(page))), 200, "", "", 0},
		"problem":   {tells(503, "unavailable", "Retry-After", "7"), 503, ownProblem(503, "unavailable"), "", 0},
		"forbidden": {tells(403, "forbidden"), 403, ownProblem(403, "forbidden"), "", 0},
		"silent":    {silent, 504, gatewaysOwn(problem.UpstreamTimeout, "journal"), "timeout", time.Second},
		"late": {after(time.Second+1, says(200, "application/json", page)), 504,
			gatewaysOwn(problem.UpstreamTimeout, "journal"), "timeout", time.Second},
		"late problem": {after(time.Minute, tells(503, "unavailable")), 504,
			gatewaysOwn(problem.UpstreamTimeout, "journal"), "timeout", time.Second},
		"away":   {fails(fmt.Errorf("open a connection: %w", refused)), 503, gatewaysOwn(problem.UpstreamUnavailable, "journal"), "unavailable", 0},
		"unsent": {fails(unsentError{}), 503, gatewaysOwn(problem.UpstreamUnavailable, "journal"), "unavailable", 0},
		"broken": {fails(errors.New(reset)), 502, gatewaysOwn(problem.UpstreamBroken, "journal"), "broken", 0},
		"broken off": {breaksOff(func(context.Context) error { return io.ErrUnexpectedEOF }), 502,
			gatewaysOwn(problem.UpstreamBroken, "journal"), "broken", 0},
		"stuck": {breaksOff(func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }), 504,
			gatewaysOwn(problem.UpstreamTimeout, "journal"), "timeout", time.Second},
		"stuck for good": {breaksOff(func(context.Context) error { time.Sleep(time.Hour); return io.EOF }), 504, //nolint:forbidigo // as above
			gatewaysOwn(problem.UpstreamTimeout, "journal"), "timeout", time.Second},
		"ends early":      invalid(says(200, "application/json", page[:9])),
		"not JSON":        invalid(says(200, "application/json", "<html>")),
		"two values":      invalid(says(200, "application/json", page+page)),
		"a key twice":     invalid(says(200, "application/json", `{"a":1,"a":2}`)),
		"not UTF-8":       invalid(says(200, "application/json", "{\"a\":\"\xff\"}")),
		"empty":           invalid(says(200, "application/json", "")),
		"HTML":            invalid(says(200, "text/html", page)),
		"no media type":   invalid(says(200, "", page)),
		"too large":       invalid(says(200, "application/json", page+strings.Repeat(" ", 129-len(page)))),
		"endless":         invalid(endless),
		"nothing":         invalid(says(204, "", "")),
		"not modified":    invalid(says(304, "", "")),
		"elsewhere":       invalid(says(302, "text/html", "", "Location", "http://other")),
		"error in words":  invalid(says(500, "text/plain", "oops")),
		"problem of text": invalid(says(500, "application/problem+json", `"oops"`)),
		"half a problem":  invalid(says(500, "application/problem+json", `{"type":`)),
		"huge problem":    invalid(says(500, "application/problem+json", `{"detail":"`+strings.Repeat("x", 128)+`"}`)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T) {
				var told failures
				h := newHandler(t, file, says(200, "application/json", record), tt.journal, &told)
				begin := time.Now()
				w := ask(h, get("/user/KrishnaMohan/overview"))
				if took := time.Since(begin); took != tt.takes {
					t.Errorf("takes %s, want %s", took, tt.takes)
				}
				want := whole
				if tt.problem != "" {
					want = fmt.Sprintf(`{"user":%s,"activity":null,"parts":{"user":{"status":200},"log":{"status":%d,"problem":%s}}}`,
						record, tt.status, tt.problem)
				}
				if w.Code != 200 || w.Body.String() != want {
					t.Errorf("%d %s\nwant 200 %s", w.Code, w.Body, want)
				}
				wantHeaders(t, w, map[string]string{"Content-Type": "application/json", "Cache-Control": "no-store", "Etag": "", "Retry-After": ""})
				if got, want := strings.Join(told.seen, ", "), reported(tt.failure); got != want {
					t.Errorf("reports %q, want %q", got, want)
				}
			})
		})
	}
}

func reported(kind string) string {
	if kind == "" {
		return ""
	}
	return "journal/log/" + kind + " by r-1"
}

func invalid(journal service) struct {
	journal service
	status  int
	problem string
	failure string
	takes   time.Duration
} {
	return struct {
		journal service
		status  int
		problem string
		failure string
		takes   time.Duration
	}{journal, 502, gatewaysOwn(problem.UpstreamInvalid, "journal"), "invalid", 0}
}

// endless answers without an end.
func endless(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(spaces{})}, nil
}

type spaces struct{}

func (spaces) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

type unsentError struct{}

func (unsentError) Error() string { return "all instances are ejected" }
func (unsentError) NotSent() bool { return true }

// TestRequiredPart has the required part go wrong: its problem is the answer, whatever the other part does, and nobody
// waits for that.
func TestRequiredPart(t *testing.T) {
	t.Parallel()
	type headers = map[string]string
	for name, tt := range map[string]struct {
		find       service
		status     int
		body       string
		retryAfter string
		takes      time.Duration
	}{
		"not found":   {tells(404, "user-not-found"), 404, ownProblem(404, "user-not-found"), "", 0},
		"unavailable": {tells(503, "unavailable", "Retry-After", "7"), 503, ownProblem(503, "unavailable"), "7", 0},
		"away":        {fails(refused), 503, gatewaysOwn(problem.UpstreamUnavailable, "find"), "1", 0},
		"silent":      {silent, 504, gatewaysOwn(problem.UpstreamTimeout, "find"), "", 3 * time.Second},
		"late":        {after(4*time.Second, says(200, "application/json", record)), 504, gatewaysOwn(problem.UpstreamTimeout, "find"), "", 3 * time.Second},
		"broken":      {fails(io.EOF), 502, gatewaysOwn(problem.UpstreamBroken, "find"), "", 0},
		"not JSON":    {says(200, "text/html", "<html>"), 502, gatewaysOwn(problem.UpstreamInvalid, "find"), "", 0},
	} {
		for other, journal := range map[string]service{
			"right": says(200, "application/json", page), "silent": silent, "away": fails(refused), "problem": tells(500, "internal"),
		} {
			t.Run(name+" and the other "+other, func(t *testing.T) {
				t.Parallel()
				inBubble(t, func(t *testing.T) {
					h := newHandler(t, file, tt.find, journal, new(failures))
					begin := time.Now()
					w := ask(h, get("/user/KrishnaMohan/overview"))
					if took := time.Since(begin); took != tt.takes {
						t.Errorf("takes %s, want %s", took, tt.takes)
					}
					if w.Code != tt.status || w.Body.String() != tt.body {
						t.Errorf("%d %s\nwant %d %s", w.Code, w.Body, tt.status, tt.body)
					}
					wantHeaders(t, w, headers{
						"Content-Type": "application/problem+json", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
						"Retry-After": tt.retryAfter,
					})
				})
			})
		}
	}
}

func wantHeaders(tb testing.TB, w *httptest.ResponseRecorder, want map[string]string) {
	tb.Helper()
	for name, value := range want {
		if got := w.Header().Get(name); got != value {
			tb.Errorf("%s: %q, want %q", name, got, value)
		}
	}
}

// TestOrder checks that neither the order of the answer's members nor which problem is told depends on who is first.
func TestOrder(t *testing.T) {
	t.Parallel()
	const two = `
version: 1
upstreams: {find: {url: http://find}, journal: {url: http://journal}}
routes:
  - path: /{x}
    methods: [GET]
    timeout: 3s
    aggregate:
      - {name: zebra, upstream: find, path: /z, required: true}
      - {name: ape, upstream: journal, path: /a, required: true}
`
	for _, waits := range [][2]time.Duration{{0, time.Second}, {time.Second, 0}, {0, 0}} {
		inBubble(t, func(t *testing.T) {
			right := newHandler(t, two, after(waits[0], says(200, "application/json", "1")), after(waits[1], says(200, "application/json", "2")), nil)
			if got, want := ask(right, get("/x")).Body.String(), `{"zebra":1,"ape":2,"parts":{"zebra":{"status":200},"ape":{"status":200}}}`; got != want {
				t.Errorf("%v: %s, want %s", waits, got, want)
			}
			wrong := newHandler(t, two, after(waits[0], tells(404, "first")), after(waits[1], tells(400, "second")), nil)
			if got, want := ask(wrong, get("/x")).Body.String(), ownProblem(404, "first"); got != want {
				t.Errorf("%v: %s, want %s", waits, got, want)
			}
		})
	}
}

// TestRequests checks what the services are sent.
func TestRequests(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T) {
		var mu sync.Mutex
		seen := map[string]http.Header{}
		note := func(next service) service {
			return func(r *http.Request) (*http.Response, error) {
				mu.Lock()
				defer mu.Unlock()
				seen[r.Method+" "+r.URL.Scheme+"://"+r.Host+" "+r.URL.RequestURI()] = r.Header
				return next(r)
			}
		}
		h := newHandler(t, file, note(says(200, "application/json", record)), note(says(200, "application/json", page)), nil)
		r := get("/user/a%2Fb%25+&c=%2e%2E;/overview?user=other&limit=500")
		for name, value := range map[string]string{
			"Traceparent": "00-1-2-01", "Tracestate": "a=b", "Ums-Actor": "ada", "Ums-Scopes": "users:read journal:read",
			"If-None-Match": "*", "Range": "bytes=0-1", "Authorization": "Bearer x", "Cookie": "a=b", "X-Request-Id": "the client's",
		} {
			r.Header.Set(name, value)
		}
		if w := ask(h, r); w.Code != 200 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		for target, left := range map[string]string{
			"GET http://find:8080 /user/a%2Fb%25+&c=%2e%2E;":                        "3000",
			"GET http://journal /journal?user=a%2Fb%25%2B%26c%3D%2e%2E%3B&limit=20": "1000",
		} {
			want := http.Header{
				"Accept": {"application/json"}, "User-Agent": {"ums-gateway"}, "X-Request-Id": {"r-1"}, "Ums-Deadline-Ms": {left},
				"Traceparent": {"00-1-2-01"}, "Tracestate": {"a=b"}, "Ums-Actor": {"ada"}, "Ums-Scopes": {"users:read journal:read"},
			}
			if got := seen[target]; fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%s: %v, want %v (all: %v)", target, got, want, seen)
			}
		}
	})
}

func TestHead(t *testing.T) {
	t.Parallel()
	for want, find := range map[int]service{200: says(200, "application/json", record), 404: tells(404, "user-not-found")} {
		h := newHandler(t, file, find, says(200, "application/json", page), new(failures))
		full := ask(h, get("/user/KrishnaMohan/overview"))
		w := ask(h, httptest.NewRequest(http.MethodHead, "/user/KrishnaMohan/overview", nil))
		if w.Code != want || w.Body.Len() != 0 || fmt.Sprint(w.Header()) != fmt.Sprint(full.Header()) {
			t.Errorf("HEAD: %d %v %q, want the header of GET: %v", w.Code, w.Header(), w.Body, full.Header())
		}
	}
}

// TestClientGone checks that nobody is blamed for a client that does not wait.
func TestClientGone(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T) {
		var told failures
		h := newHandler(t, file, service(silent), service(silent), &told)
		ctx, leave := context.WithTimeout(t.Context(), time.Millisecond)
		defer leave()
		if w := ask(h, get("/user/KrishnaMohan/overview").WithContext(ctx)); w.Code != 499 || len(told.seen) != 0 {
			t.Errorf("%d, reported %q; want 499 and nothing", w.Code, told.seen)
		}
	})
}
