package search_test

import (
	"net/http"
	"testing"

	"github.com/glarimy/ums/services/search"
	"github.com/glarimy/ums/shared/enginetest"
	"github.com/glarimy/ums/shared/servicetest"
)

// TestMainServes runs the service as its program does.
func TestMainServes(t *testing.T) {
	t.Parallel()
	b := newBackend(t, enginetest.SQLite(t))
	b.insert(t, account{"KrishnaMohan", 9000000000, joined()})
	url, stop := servicetest.Main(t, search.Main, map[string]string{"DATABASE_URL": b.sqlURL, "CURSOR_KEYS": key(1)})
	s := &service{url: url, transport: &http.Transport{DisableKeepAlives: true}}
	if names := s.get(t).page(t).names(); len(names) != 1 {
		t.Errorf("got %q", names)
	}
	stop()
}

func TestMainRefuses(t *testing.T) {
	t.Parallel()
	right := map[string]string{"DATABASE_URL": enginetest.SQLite(t).URL, "CURSOR_KEYS": key(1)}
	servicetest.Refuses(t, search.Main, right, []string{"c2VjcmV0", "secret"}, [][3]string{
		{"CURSOR_KEYS", "", "CURSOR_KEYS is not set: give every replica the same key"},
		{"CURSOR_KEYS", "c2VjcmV0", "CURSOR_KEYS: key 1 of the list has 6 bytes"},
		{"CURSOR_KEYS", key(1) + ",secret", "CURSOR_KEYS: key 2 of the list is not base64"},
		{"SEARCH_TIMEOUT", "5", "SEARCH_TIMEOUT is not a valid duration"},
		{"SEARCH_TIMEOUT", "-5s", "SEARCH_TIMEOUT is -5s"},
	})
}
