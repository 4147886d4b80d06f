package steady_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/glarimy/ums/bench/steady"
)

// system is a server that keeps versions, and what it does wrong.
type system struct {
	enough context.CancelFunc

	mu       sync.Mutex
	requests int
	versions map[string]int
	events   []string // as JSON
	behind   int      // by how many versions reads lag
	forget   int      // so many events are not recorded
	double   int      // so many are recorded twice
}

func (s *system) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.requests++; s.requests == 200 {
		s.enough()
	}
	var user struct{ Name string }
	_ = json.NewDecoder(r.Body).Decode(&user)
	name := user.Name + strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, "/user"), "/")
	switch {
	case r.URL.Path == "/journal":
		fmt.Fprintf(w, `{"events":[%s],"next":null}`, strings.Join(s.events, ","))
		return
	case r.Method == http.MethodGet:
		behind := s.behind
		if s.requests > 200 { // what is read back is right
			behind = 0
		}
		w.Header().Set("ETag", fmt.Sprintf(`"1-%d"`, max(s.versions[name]-behind, 1)))
		return
	}
	s.versions[name]++
	s.record(fmt.Sprintf(`{"data":{"name":%q,"version":%d}}`, name, s.versions[name]))
	w.Header().Set("ETag", fmt.Sprintf(`"1-%d"`, s.versions[name]))
	if r.Method == http.MethodPost {
		w.WriteHeader(http.StatusCreated)
	}
}

func (s *system) record(event string) {
	switch {
	case s.forget > 0:
		s.forget--
	case s.double > 0:
		s.double--
		s.events = append(s.events, event, event)
	default:
		s.events = append(s.events, event)
	}
}

func TestStaleReadsAndEvents(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]struct{ behind, forget, double int }{
		"all is well":         {},
		"reads lag":           {behind: 1},
		"two events are lost": {forget: 2},
		"three come twice":    {double: 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, enough := context.WithCancel(t.Context())
			s := &system{enough: enough, versions: map[string]int{}, behind: want.behind, forget: want.forget, double: want.double}
			server := httptest.NewServer(s)
			defer server.Close()
			sender, begun := steady.New(steady.Load{URL: server.URL, Run: "run", Rate: 1000, Writes: 2}), time.Now()
			report := sender.Send(ctx)
			events, err := sender.Events(t.Context(), begun, 0)
			if err != nil {
				t.Fatal(err)
			}
			if stale := len(report.Stale) > 0; stale != (want.behind > 0) || len(report.Lost) > 0 || report.Failures("") > 0 {
				t.Errorf("stale reads are %d, lost are %q, failed %v", len(report.Stale), report.Lost, report.Failed)
			}
			if len(events.Missing) != want.forget || len(events.Doubled) != want.double || report.Acked < 50 {
				t.Errorf("of %d writes the journal lacks %q and has twice %q", report.Acked, events.Missing, events.Doubled)
			}
		})
	}
}
