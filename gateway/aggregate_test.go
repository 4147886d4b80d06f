package gateway_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/glarimy/ums/shared/openapitest"
	"github.com/glarimy/ums/shared/problem"
)

const (
	krishna  = `{"name":"KrishnaMohan","phone":9731423166,"since":"2022-09-12T10:00:00Z"}`
	noEvents = `{"events":[],"next":null}`
)

// TestOverview asks the whole gateway for an overview, over the network, and holds its answers against its own document.
func TestOverview(t *testing.T) {
	t.Parallel()
	var describing, away, missing atomic.Bool
	journal := answering(t, func(w http.ResponseWriter, r *http.Request) {
		if describing.Load() {
			http.NotFound(w, r)
			return
		}
		if r.RequestURI != "/journal?user=Krishna%2FMohan&order=desc&limit=20" || r.Header.Get("Ums-Actor") != "" {
			t.Errorf("the journal got %s by %q", r.RequestURI, r.Header.Get("Ums-Actor"))
		}
		if away.Load() {
			w.Header().Set("X-Request-Id", "r-2")
			problem.Write(w, r, problem.New(problem.Unavailable, "later"))
			return
		}
		answerJSON(w, noEvents)
	})
	find := answering(t, func(w http.ResponseWriter, r *http.Request) {
		if describing.Load() {
			http.NotFound(w, r)
			return
		}
		if missing.Load() {
			problem.Write(w, r, problem.New(problem.UserNotFound, "There is no such user."))
			return
		}
		if r.RequestURI != "/user/Krishna%2FMohan" || r.Header.Get("Ums-Deadline-Ms") == "" || r.Header.Get("Traceparent") == "" {
			t.Errorf("find got %s with %v", r.RequestURI, r.Header)
		}
		answerJSON(w, krishna)
	})
	g := startWith(t, mustLoad(t, environment(map[string]string{
		"FIND_URL": find, "JOURNAL_URL": journal, "ADD_URL": refusedURL, "SEARCH_URL": refusedURL,
	})))
	plain := &http.Transport{DisableKeepAlives: true}
	describing.Store(true) // nobody describes itself
	_, document := sendTo(t, plain, g.addr, "/openapi.json")
	watched := openapitest.MustLoad(t, []byte(document)).Watch(t, g.addr, plain)

	describing.Store(false)
	const target = "/user/Krishna%2FMohan/overview"
	want := `{"user":` + krishna + `,"activity":` + noEvents + `,"parts":{"user":{"status":200},"activity":{"status":200}}}`
	if status, body := sendTo(t, watched, g.addr, target); status != http.StatusOK || body != want {
		t.Errorf("%d %s, want %s", status, body, want)
	}
	away.Store(true)
	status, body := sendTo(t, watched, g.addr, target)
	if status != http.StatusOK || !strings.HasPrefix(body, `{"user":`+krishna+`,"activity":null,"parts":{"user":{"status":200},"activity":{"status":503,"problem":{`) ||
		!strings.Contains(body, `#unavailable"`) || !strings.Contains(body, `"request_id":"r-2"`) {
		t.Errorf("without the journal: %d %s", status, body)
	}
	missing.Store(true)
	if status, body := sendTo(t, watched, g.addr, target); status != http.StatusNotFound || !strings.Contains(body, "#user-not-found") {
		t.Errorf("without the user: %d %s", status, body)
	}
}

func answerJSON(w http.ResponseWriter, body string) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, body)
}

func answering(tb testing.TB, answer http.HandlerFunc) string {
	tb.Helper()
	server := httptest.NewServer(answer)
	tb.Cleanup(server.Close)
	return server.URL
}

// sendTo sends a GET with headers that a client may have, and one that it may not.
func sendTo(tb testing.TB, transport http.RoundTripper, addr, target string) (status int, body string) {
	tb.Helper()
	r, err := http.NewRequestWithContext(tb.Context(), http.MethodGet, "http://"+addr+target, nil)
	if err != nil {
		tb.Fatal(err)
	}
	r.Header.Set("Traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
	r.Header.Set("Ums-Actor", "mallory")
	response, err := transport.RoundTrip(r)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		tb.Fatal(err)
	}
	return response.StatusCode, string(data)
}
