package writer_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/glarimy/ums/deploy/writer"
)

// system keeps users; every third request fails, and with forget every second user that it acknowledges is lost.
type system struct {
	mu       sync.Mutex
	users    map[string]uint64
	requests int
	forget   bool
	enough   context.CancelFunc
}

func (s *system) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.Method == http.MethodGet {
		phone, ok := s.users[strings.TrimPrefix(r.URL.Path, "/user/")]
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		fmt.Fprintf(w, `{"phone":%d}`, phone)
		return
	}
	s.requests++
	if s.requests == 30 {
		s.enough()
	}
	if s.requests%3 == 0 || r.Header.Get("Idempotency-Key") == "" {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	var user struct {
		Name  string
		Phone uint64
	}
	_ = json.NewDecoder(r.Body).Decode(&user)
	if !s.forget || s.requests%2 == 0 {
		s.users[user.Name] = user.Phone
	}
	w.WriteHeader(http.StatusCreated)
}

func TestWriter(t *testing.T) {
	t.Parallel()
	for _, forget := range []bool{false, true} {
		ctx, cancel := context.WithCancel(t.Context())
		s := &system{users: map[string]uint64{}, forget: forget, enough: cancel}
		server := httptest.NewServer(s)
		w := writer.New(server.URL, "run")
		w.Run(ctx, 2)
		acked, retries := w.Count()
		if acked < 10 || retries < 5 {
			t.Errorf("%d were acknowledged, %d sent again", acked, retries)
		}
		lost := len(w.Check(t.Context()))
		if (lost > 0) != forget {
			t.Errorf("lost are %d of %d, with a server that forgets: %v", lost, acked, forget)
		}
		server.Close()
	}
}
