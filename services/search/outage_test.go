package search_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/glarimy/ums/shared/enginetest"
	"github.com/glarimy/ums/shared/mysqlproxy"
	"github.com/glarimy/ums/shared/problem"
)

// TestDatabaseAway finds that a service without its database says so, without telling where it is, and stays ready.
func TestDatabaseAway(t *testing.T) {
	t.Parallel()
	b := newBackend(t, enginetest.MySQL(t))
	proxy := mysqlproxy.New(t, b.sqlURL)
	s := start(t, b, options{sqlURL: proxy.URL()})
	s.get(t, "phone", "9731423166").page(t)
	proxy.Stop()
	for range 2 { // with connections that have just been lost, and without any
		s.get(t, "phone", "9731423166").wantProblem(t, problem.Unavailable)
	}
	s.get(t, "phone", "9731423").wantProblem(t, problem.InvalidParameter)
	if got := s.send(t, http.MethodGet, "/readyz"); got.status != http.StatusOK {
		t.Errorf("it is no longer ready: %d %s", got.status, got.body)
	}
	proxy.Start()
	s.get(t, "phone", "9731423166").page(t)
}

// TestDatabaseSlow finds that a page that takes too long is given up.
func TestDatabaseSlow(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *backend) {
		s := start(t, b, options{timeout: time.Nanosecond})
		s.get(t, "phone", "9731423166").wantProblem(t, problem.Unavailable)
	})
}

// TestReady finds that the service touches no schema that it does not know, and begins by itself when there is one.
func TestReady(t *testing.T) {
	t.Parallel()
	engine := enginetest.SQLite(t)
	s := start(t, &backend{}, options{sqlURL: engine.URL})
	s.get(t).wantProblem(t, problem.Unavailable)
	if got := s.send(t, http.MethodGet, "/readyz"); got.status != http.StatusServiceUnavailable {
		t.Errorf("without a schema it is %d %s", got.status, got.body)
	}
	newBackend(t, engine)
	for deadline := time.After(10 * time.Second); s.ready() != nil; {
		select {
		case <-deadline:
			t.Fatalf("it is not ready: %v", s.ready())
		case <-time.After(10 * time.Millisecond):
		}
	}
	s.get(t).page(t)
	if got := s.send(t, http.MethodGet, "/readyz"); got.status != http.StatusOK {
		t.Errorf("it is ready, and says %d", got.status)
	}
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	s := start(t, newBackend(t, enginetest.SQLite(t)), options{})
	for _, list := range someLists() {
		s.get(t, list...).page(t)
	}
	metrics := (&service{url: s.admin, transport: s.transport}).send(t, http.MethodGet, "/metrics").body
	for _, filter := range []string{"none", "name_prefix", "phone", "phone_prefix", "since", "name"} {
		if want := `ums_search_read_duration_seconds_count{filter="` + filter + `"}`; !strings.Contains(metrics, want) {
			t.Errorf("there is no %s", want)
		}
	}
}
