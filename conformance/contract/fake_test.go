package contract_test

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// fake is a small UMS in memory that keeps the contract, unless it has a bug.
type fake struct {
	// bug is the one thing that it does wrong; "" for nothing.
	bug string
	// waiting, if not nil, is closed by the next who comes to the gap.
	waiting chan struct{}
	// tamper, if not nil, spoils an answer before it is sent.
	tamper func(r *http.Request, a *answer)

	requests atomic.Int64
	mu       sync.Mutex
	users    map[string]fakeUser
	stale    map[string]*cached
	keys     map[string]*claim
	snapshot []fakeUser      // of lists, as of the time taken
	taken    time.Time       //
	opened   map[string]bool // cursors
	events   []fakeEvent     // the journal
	told     int             // how many there ever were
	news     chan struct{}   // closed when there is another
}

type fakeUser struct {
	name    string
	phone   uint64
	since   time.Time
	version int
}

// cached is what a bug keeps too long.
type cached struct {
	user  fakeUser
	found bool
	left  int // reads
}

// claim is what is known of an idempotency key.
type claim struct {
	hash [sha256.Size]byte
	done bool
	kept answer
}

// answer is a response before it is written.
type answer struct {
	status  int
	header  http.Header
	body    []byte
	surplus bool // the body is sent even where none may be

	// stream, if not nil, writes the body, until the client is gone.
	stream func(out io.Writer, gone <-chan struct{})
}

func newFake(bug string) *fake {
	return &fake{bug: bug, users: map[string]fakeUser{}, stale: map[string]*cached{}, keys: map[string]*claim{}}
}

// has reports whether the fake has this bug.
func (f *fake) has(bug string) bool { return f.bug == bug }

func (f *fake) answer(r *http.Request) answer {
	r.Header.Set("X-Request-Id", fmt.Sprintf("request-%d", f.requests.Add(1)))
	return f.finish(r, f.route(r))
}

// finish completes an answer as all of them have to be, and then spoils it if it is to be spoilt.
func (f *fake) finish(r *http.Request, a answer) answer {
	id := cmp.Or(r.Header.Get("X-Request-Id"), "request-0") // there is none of what could not be read
	a.header = a.header.Clone()                             // it may be kept for a replay
	a.header.Set("X-Request-Id", id)
	if a.header.Get("Content-Type") == "application/problem+json" {
		a.body = []byte(strings.Replace(string(a.body), `"REQUEST-ID"`, `"`+id+`"`, 1))
	}
	if f.tamper != nil {
		f.tamper(r, &a)
	}
	return a
}

func (f *fake) route(r *http.Request) answer {
	path, _, _ := strings.Cut(r.RequestURI, "?")
	if f.has("clean-path") || f.has("redirect-path") {
		clean := cleanPath(path)
		if f.has("redirect-path") && clean != path {
			return answer{status: http.StatusMovedPermanently, header: http.Header{"Location": {clean}}}
		}
		path = clean
	}
	if left := r.Header.Get("Ums-Deadline-Ms"); left != "" && f.has("believes-clients") {
		return problem("unavailable", 503)
	}
	switch segments := strings.Split(path, "/")[1:]; {
	case path == "/livez" || path == "/readyz":
		return f.probe(r)
	case path == "/user":
		return f.byMethod(r, map[string]func() answer{
			"POST": func() answer { return f.post(r) },
			"GET":  func() answer { return f.search(r) },
		})
	case path == "/journal":
		return f.byMethod(r, map[string]func() answer{"GET": func() answer { return f.journalList(r) }})
	case path == "/journal/stream":
		return f.byMethod(r, map[string]func() answer{"GET": func() answer { return f.journalStream(r) }})
	case len(segments) == 2 && segments[0] == "journal" && segments[1] != "":
		return f.byMethod(r, map[string]func() answer{"GET": func() answer { return f.journalOne(segments[1]) }})
	case len(segments) == 2 && segments[0] == "user" && segments[1] != "":
		return f.user(r, segments[1])
	case len(segments) == 3 && segments[0] == "user" && segments[1] != "" && segments[2] == "overview":
		return f.overview(r, segments[1])
	default:
		return problem("route-not-found", 404)
	}
}

func (f *fake) probe(r *http.Request) answer {
	if r.Method != "GET" && r.Method != "HEAD" {
		return problem("method-not-allowed", 405)
	}
	h := http.Header{"Content-Type": {"application/json"}, "Cache-Control": {"no-store"}}
	return answer{status: 200, header: h, body: []byte(`{"status":"ok"}`)}
}

// byMethod calls the handler of the request's method. HEAD is GET whose body is not sent.
func (f *fake) byMethod(r *http.Request, handlers map[string]func() answer) answer {
	method := r.Method
	if method == "HEAD" {
		method = "GET"
	}
	if h, ok := handlers[method]; ok {
		return h()
	}
	allow := []string{"OPTIONS"}
	for m := range handlers {
		allow = append(allow, m)
		if m == "GET" {
			allow = append(allow, "HEAD")
		}
	}
	slices.Sort(allow)
	a := problem("method-not-allowed", 405)
	a.header.Set("Allow", strings.Join(allow, ", "))
	return a
}

func (f *fake) user(r *http.Request, segment string) answer {
	handle := func(h func(*http.Request, string) answer) func() answer {
		return func() answer {
			decoded, err := f.unescape(segment)
			if err != nil {
				return problem("invalid-request-target", 400)
			}
			name, code := f.name(decoded)
			if code != "" {
				return problem("invalid-name", 400)
			}
			return h(r, name)
		}
	}
	return f.byMethod(r, map[string]func() answer{
		"GET": handle(f.get), "PATCH": handle(f.patch), "DELETE": handle(f.delete),
	})
}

func (f *fake) unescape(segment string) (string, error) {
	if f.has("plus-is-space") {
		return url.QueryUnescape(segment)
	}
	s, err := url.PathUnescape(segment)
	if err == nil && f.has("decodes-twice") {
		if twice, err := url.PathUnescape(s); err == nil {
			return twice, nil
		}
	}
	return s, err
}

const maxBody = 16 << 10

// body reads a request's body of one of the media types. The answer is not nil if there is something wrong.
func (f *fake) body(r *http.Request, media ...string) ([]byte, *answer) {
	given, _, _ := strings.Cut(strings.ToLower(r.Header.Get("Content-Type")), ";")
	if !slices.Contains(media, given) && !f.has("any-media") {
		a := problem("unsupported-media-type", 415)
		return nil, &a
	}
	limit := int64(maxBody)
	if f.has("no-body-limit") || f.has("accepts-everything") || f.has("believes-length") && r.ContentLength < 0 {
		limit = 8 << 20
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, limit+1))
	if err != nil || int64(len(body)) > limit {
		a := problem("body-too-large", 413)
		return nil, &a
	}
	return body, nil
}

// gap is where a bug lets others in between a look and a deed: it waits for the next who comes this far, or for gapTicks
// where nobody does. It is entered and left with f.mu held.
func (f *fake) gap(bug string) {
	if !f.has(bug) {
		return
	}
	if f.waiting != nil {
		close(f.waiting)
		f.waiting = nil
		return
	}
	met := make(chan struct{})
	f.waiting = met
	f.mu.Unlock()
	tick := time.NewTicker(gapTick)
	defer tick.Stop()
	for ticks := 0; ticks < gapTicks; {
		select {
		case <-met:
			ticks = gapTicks
		case <-tick.C:
			ticks++
		}
	}
	f.mu.Lock()
	if f.waiting == met { // nobody came
		f.waiting = nil
	}
}

// So many ticks are ample for the others that come at once, on a busy machine too: while it stands still, nobody comes, but no
// ticks either, of which a ticker drops what nobody takes.
const (
	gapTick  = 10 * time.Millisecond
	gapTicks = 300
)

func (u fakeUser) etag() string { return fmt.Sprintf(`"%d-%d"`, u.since.UnixMicro(), u.version) }

func (u fakeUser) record() []byte {
	since := u.since.Format("2006-01-02T15:04:05.000000Z")
	if u.since.Nanosecond() == 0 {
		since = u.since.Format("2006-01-02T15:04:05Z")
	}
	name := strings.TrimSuffix(jsonText(u.name), "\n")
	return fmt.Appendf(nil, `{"name":%s,"phone":%d,"since":"%s"}`, name, u.phone, since)
}

func jsonText(s string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s)
	return b.String()
}

func problem(kind string, status int, faults ...fakeFault) answer {
	body, _ := json.Marshal(map[string]any{
		"type":  "https://github.com/glarimy/ums/blob/main/docs/problems.md#" + kind,
		"title": kind, "status": status, "detail": "detail", "request_id": "REQUEST-ID", "errors": faults,
	})
	h := http.Header{
		"Content-Type": {"application/problem+json"}, "Cache-Control": {"no-store"}, "X-Content-Type-Options": {"nosniff"},
	}
	return answer{status: status, header: h, body: body}
}

// cleanPath does to a path what routers like to do.
func cleanPath(path string) string {
	var kept []string
	for s := range strings.SplitSeq(path, "/") {
		switch strings.ToLower(strings.ReplaceAll(strings.ToLower(s), "%2e", ".")) {
		case "", ".":
		case "..":
			kept = kept[:max(len(kept)-1, 0)]
		default:
			kept = append(kept, s)
		}
	}
	return "/" + strings.Join(kept, "/")
}
