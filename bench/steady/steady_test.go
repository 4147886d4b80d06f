package steady_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/glarimy/ums/bench/steady"
)

// TestSend has a server that fails every tenth request and forgets the third user that it acknowledges.
func TestSend(t *testing.T) {
	t.Parallel()
	ctx, enough := context.WithCancel(t.Context())
	var (
		mu              sync.Mutex
		users           = map[string]bool{}
		requests, added int
	)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		requests++
		if requests == 100 {
			enough()
		}
		switch {
		case requests%10 == 0 && requests <= 100:
			w.WriteHeader(http.StatusServiceUnavailable)
		case r.Method == http.MethodPost:
			var user struct{ Name string }
			_ = json.NewDecoder(r.Body).Decode(&user)
			added++
			users[user.Name] = true
			if added == 3 {
				defer delete(users, user.Name)
			}
			w.WriteHeader(http.StatusCreated)
		case !users[strings.TrimPrefix(r.URL.Path, "/user/")]:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	defer server.Close()
	report := steady.New(steady.Load{URL: server.URL, Run: "run", Rate: 1000, Writes: 2}).Send(ctx)
	if got := report.Failed["GET: 503"] + report.Failed["POST: 503"] + report.Failed["PATCH: 503"]; got < 9 || got > 10 {
		t.Errorf("%d requests failed, want 10: %v", got, report.Failed)
	}
	if len(report.Lost) != 1 || report.Acked < 10 {
		t.Errorf("lost are %v of %d, want one", report.Lost, report.Acked)
	}
	if report.LongestGap <= 0 || report.P99 < report.P50 || report.P50 <= 0 {
		t.Errorf("the longest gap is %s, half take %s, 99%% take %s", report.LongestGap, report.P50, report.P99)
	}
}
