package writer_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/glarimy/ums/deploy/writer"
)

// TestCheckJournal adds three users, of whom the journal has some once, and others otherwise, two of them a page.
func TestCheckJournal(t *testing.T) {
	t.Parallel()
	const one, two, three = "run user 000001", "run user 000002", "run user 000003"
	for _, tc := range []struct {
		name    string
		journal []string
		want    []string
	}{
		{"all once", []string{"run user another", one, two, "somebody else", "somebody else", three}, nil},
		{"one lost", []string{one, two}, []string{three}},
		{"one doubled, on another page", []string{two, one, three, two}, []string{two}},
		{"one doubled that was not acknowledged", []string{one, two, three, "run user 000004", "run user 000004"}, []string{"run user 000004"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			users := 0
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodGet {
					journalPage(w, r, tc.journal)
					return
				}
				if users++; users > 3 {
					cancel()
					w.WriteHeader(http.StatusServiceUnavailable)
					return
				}
				w.WriteHeader(http.StatusCreated)
			}))
			defer server.Close()
			w := writer.New(server.URL, "run")
			w.Run(ctx, 1)
			if got, err := w.CheckJournal(t.Context()); err != nil || !slices.Equal(got, tc.want) {
				t.Errorf("got %q, %v, want %q", got, err, tc.want)
			}
		})
	}
}

// journalPage answers with two events; the cursor is the number of those before.
func journalPage(w http.ResponseWriter, r *http.Request, names []string) {
	if r.URL.Path != "/journal" || r.URL.Query().Get("type") != "com.glarimy.ums.user.added" {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	begin, next := 0, "null"
	_, _ = fmt.Sscan(r.URL.Query().Get("cursor"), &begin)
	end := min(begin+2, len(names))
	if end < len(names) {
		next = fmt.Sprintf("%q", fmt.Sprint(end))
	}
	var events []string
	for _, name := range names[begin:end] {
		events = append(events, fmt.Sprintf(`{"subject":%q}`, name))
	}
	fmt.Fprintf(w, `{"events":[%s],"next":%s}`, strings.Join(events, ","), next)
}
