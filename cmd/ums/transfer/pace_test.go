package transfer_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/glarimy/ums/cmd/ums/transfer"
)

// TestPaceBacksOff refuses a whole round of requests: the limit is halved once, nothing begins before the time that was
// asked for has passed, and answers bring the limit back, one a round.
func TestPaceBacksOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := transfer.NewPace(8)
		began := make([]time.Time, 8)
		for i := range began {
			began[i] = begin(t, p)
		}
		full, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := p.Begin(full); err == nil {
			t.Fatal("a ninth request began")
		}
		for _, at := range began {
			p.Refused(at, 3*time.Second)
		}
		if p.Limit() != 4 {
			t.Errorf("after a round of refusals the limit is %d, want 4", p.Limit())
		}
		refused := time.Now()
		if at := begin(t, p); at.Sub(refused) != 3*time.Second {
			t.Errorf("the next request began %s after the refusal, want 3s", at.Sub(refused))
		} else {
			p.Refused(at, 0)
		}
		if p.Limit() != 2 {
			t.Errorf("after a refusal of the next round the limit is %d, want 2", p.Limit())
		}
		for range 100 {
			begin(t, p)
			p.Done()
		}
		if p.Limit() != 8 {
			t.Errorf("after a hundred answers the limit is %d, want 8 again", p.Limit())
		}
		for range 10 {
			p.Refused(begin(t, p), time.Nanosecond)
		}
		if p.Limit() != 1 {
			t.Errorf("the limit is %d, want at least 1", p.Limit())
		}
	})
}

func begin(t *testing.T, p *transfer.Pace) time.Time {
	t.Helper()
	at, err := p.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"": 0, "0": 0, "7": 7 * time.Second, "-1": 0, "soon": 0, "86400": time.Minute,
		"Thu, 01 Jan 2026 00:00:05 GMT": 5 * time.Second, "Wed, 31 Dec 2025 00:00:00 GMT": 0,
	} {
		if got := transfer.RetryAfter(value, now); got != want {
			t.Errorf("Retry-After %q: %s, want %s", value, got, want)
		}
	}
}

// api refuses some requests for the moment and remembers the rest by their keys.
type api struct {
	mu     sync.Mutex
	calls  map[string]int    // by Idempotency-Key
	bodies map[string]string // by Idempotency-Key
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	key := r.Header.Get("Idempotency-Key")
	a.mu.Lock()
	a.calls[key]++
	a.bodies[key] = string(body)
	calls := a.calls[key]
	a.mu.Unlock()
	for name, status := range map[string]int{"Busy": 429, "Away": 503, "Broken": 500, "Slow": 504} {
		if strings.Contains(string(body), name) && calls < 3 {
			w.WriteHeader(status)
			return
		}
	}
	if strings.Contains(string(body), "In use") && calls < 2 {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusConflict)
		_, _ = io.WriteString(w, `{"type":"https://github.com/glarimy/ums/blob/main/docs/problems.md#idempotency-key-in-use","status":409}`)
		return
	}
	if strings.Contains(string(body), "Locked") {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	w.WriteHeader(http.StatusCreated)
}

type silent struct{}

func (silent) Set(int64) {}

func importFrom(t *testing.T, a *api, input string) (transfer.Result, error) {
	t.Helper()
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	client, err := transfer.NewClient(server.URL, "key", 4)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return transfer.Import(t.Context(), transfer.ImportOptions{
		Client: client, Input: "-", Stream: strings.NewReader(input), Format: transfer.CSV, IfExists: transfer.Skip,
		Rejects: filepath.Join(t.TempDir(), "rejects.csv"), Concurrency: 4, Patience: time.Minute,
		Begin: func(int64, int64) transfer.Progress { return silent{} },
	})
}

// TestImportTriesAgain counts each row once, whatever is in its way for a while, and sends it with the same key.
func TestImportTriesAgain(t *testing.T) {
	t.Parallel()
	a := &api{calls: map[string]int{}, bodies: map[string]string{}}
	result, err := importFrom(t, a, "name,phone\nBusy one,1\nAway one,2\nBroken one,3\nSlow one,4\nIn use one,5\nPlain one,6\nPlain one,6\n")
	if err != nil || fmt.Sprint(result.Counts) != fmt.Sprint(transfer.Counts{Read: 7, Added: 7}) {
		t.Fatalf("%+v, %v", result.Counts, err)
	}
	if len(a.calls) != 7 {
		t.Errorf("the rows had %d keys, want one each: %v", len(a.calls), a.bodies)
	}
	for key, calls := range a.calls {
		if want := map[bool]int{true: 1, false: 3}[strings.Contains(a.bodies[key], "Plain")]; calls != want && !strings.Contains(a.bodies[key], "In use") {
			t.Errorf("%s was sent %d times, want %d", a.bodies[key], calls, want)
		}
	}
}

func TestImportStopsWhereNobodyIsLetIn(t *testing.T) {
	t.Parallel()
	a := &api{calls: map[string]int{}, bodies: map[string]string{}}
	_, err := importFrom(t, a, "name,phone\nLocked one,1\n")
	if err == nil || !strings.Contains(err.Error(), "give a key with -api-key or UMS_API_KEY") {
		t.Errorf("error = %v", err)
	}
}
