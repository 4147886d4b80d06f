package journal_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/glarimy/ums/shared/problem"
	"github.com/glarimy/ums/shared/servicetest"
)

// answer is what a client got.
type answer struct {
	status int
	header http.Header
	body   string
}

// send makes a request and returns the answer to it.
func (s *service) send(tb testing.TB, method, target string) answer {
	tb.Helper()
	r, err := http.NewRequestWithContext(tb.Context(), method, s.url+target, nil)
	if err != nil {
		tb.Fatal(err)
	}
	return exchange(tb, s.transport(tb), r)
}

func exchange(tb testing.TB, by http.RoundTripper, r *http.Request) answer {
	tb.Helper()
	response, err := by.RoundTrip(r)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		tb.Fatal(err)
	}
	return answer{status: response.StatusCode, header: response.Header, body: string(body)}
}

// transport sends requests as they are and holds the answers against the contract.
func (s *service) transport(tb testing.TB) http.RoundTripper {
	tb.Helper()
	return s.contract.Watch(tb, strings.TrimPrefix(s.url, "http://"), &http.Transport{DisableKeepAlives: true})
}

// get asks for a page. The query's parameters are pairs of name and value.
func (s *service) get(tb testing.TB, parameters ...string) answer {
	tb.Helper()
	return s.send(tb, http.MethodGet, "/journal?"+encode(parameters...))
}

// getAnything asks for a page that may hold rows which keep no contract.
func (s *service) getAnything(tb testing.TB) answer {
	tb.Helper()
	r, err := http.NewRequestWithContext(tb.Context(), http.MethodGet, s.url+"/journal", nil)
	if err != nil {
		tb.Fatal(err)
	}
	return exchange(tb, &http.Transport{DisableKeepAlives: true}, r)
}

func encode(parameters ...string) string {
	values := url.Values{}
	for pair := range slices.Chunk(parameters, 2) {
		values.Add(pair[0], pair[1])
	}
	return values.Encode()
}

// wireEvent is an event as a client reads it.
type wireEvent struct {
	SpecVersion  string          `json:"specversion"`
	ID           string          `json:"id"`
	Source       string          `json:"source"`
	Type         string          `json:"type"`
	Subject      string          `json:"subject"`
	Time         string          `json:"time"`
	Sequence     string          `json:"sequence"`
	Actor        string          `json:"actor"`
	RequestID    string          `json:"requestid"`
	Traceparent  string          `json:"traceparent"`
	RecordedTime string          `json:"recordedtime"`
	Position     string          `json:"position"`
	Data         json.RawMessage `json:"data"`
}

// page is the body of an answer.
type page struct {
	Events []wireEvent `json:"events"`
	Next   *string     `json:"next"`
}

func (a answer) decode(tb testing.TB, into any) {
	tb.Helper()
	if a.status != http.StatusOK {
		tb.Fatalf("status = %d, want 200: %s", a.status, a.body)
	}
	if media := a.header.Get("Content-Type"); media != "application/json" || a.header.Get("Cache-Control") != "no-store" {
		tb.Errorf("Content-Type = %q, Cache-Control = %q", media, a.header.Get("Cache-Control"))
	}
	decoder := json.NewDecoder(strings.NewReader(a.body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		tb.Fatalf("the answer cannot be read (%v): %s", err, a.body)
	}
}

// page reads the answer as a page of events, strictly.
func (a answer) page(tb testing.TB) (p page) {
	tb.Helper()
	a.decode(tb, &p)
	if p.Events == nil {
		tb.Fatalf("there is no list: %s", a.body)
	}
	return p
}

func (p page) ids() []string {
	ids := make([]string, len(p.Events))
	for i, e := range p.Events {
		ids[i] = e.ID
	}
	return ids
}

// list goes through all pages and returns the events.
func (s *service) list(tb testing.TB, parameters ...string) (all []wireEvent) {
	tb.Helper()
	for cursor := ""; ; {
		query := parameters
		if cursor != "" {
			query = append(slices.Clip(parameters), "cursor", cursor)
		}
		answer := s.get(tb, query...)
		got := answer.page(tb)
		all = append(all, got.Events...)
		link := answer.header.Get("Link")
		if got.Next == nil {
			if link != "" {
				tb.Errorf("the last page has the Link %s", link)
			}
			return all
		}
		if want := `<?` + encode(append(slices.Clip(parameters), "cursor", *got.Next)...) + `>; rel="next"`; link != want {
			tb.Errorf("Link = %s, want %s", link, want)
		}
		cursor = *got.Next
	}
}

// wantProblem fails tb unless the answer is this problem, complete and discreet. It returns what is wrong with which
// parameter, as in "#/limit too-large".
func (a answer) wantProblem(tb testing.TB, want problem.Type) []string {
	tb.Helper()
	got := servicetest.WantProblem(tb, a.status, a.header, a.body, want, phonePrefix)
	if !strings.HasPrefix(got.Instance, "/journal") {
		tb.Errorf("the problem's instance is %q, want below /journal", got.Instance)
	}
	faults := make([]string, len(got.Errors))
	for i, e := range got.Errors {
		faults[i] = e.Pointer + " " + e.Code
	}
	return faults
}
