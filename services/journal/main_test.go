package journal_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/glarimy/ums/services/journal"
	"github.com/glarimy/ums/shared/enginetest"
	"github.com/glarimy/ums/shared/mysqlproxy"
	"github.com/glarimy/ums/shared/openapitest"
	"github.com/glarimy/ums/shared/problem"
	"github.com/glarimy/ums/shared/servicetest"
)

// TestMainServes runs the service as its program does.
func TestMainServes(t *testing.T) {
	t.Parallel()
	b := newBackend(t, enginetest.SQLite(t).URL)
	b.write(t, "KrishnaMohan")
	url, stop := servicetest.Main(t, journal.Main, map[string]string{
		"DATABASE_URL": b.sqlURL, "CURSOR_KEYS": key(1), "EVENTS_URL": "redis://127.0.0.1:1/0", // nobody is there
	})
	s := &service{url: url, contract: openapitest.MustLoad(t, []byte(journal.OpenAPI))}
	b.waitFor(t, 1)
	if events := s.get(t).page(t).Events; len(events) != 1 {
		t.Errorf("got %+v", events)
	}
	stop()
}

func TestMainRefuses(t *testing.T) {
	t.Parallel()
	right := map[string]string{"DATABASE_URL": enginetest.SQLite(t).URL, "CURSOR_KEYS": key(1)}
	servicetest.Refuses(t, journal.Main, right, []string{"secret"}, [][3]string{
		{"CURSOR_KEYS", "", "CURSOR_KEYS is not set: give every replica the same key"},
		{"CURSOR_KEYS", key(1) + ",secret", "CURSOR_KEYS: key 2 of the list is not base64"},
		{"EVENTS_URL", "nats://u:secret@host:9092", "EVENTS_URL must begin with redis://"},
		{"JOURNAL_TIMEOUT", "-5s", "JOURNAL_TIMEOUT is -5s"},
		{"JOURNAL_HEARTBEAT", "0s", "JOURNAL_HEARTBEAT is 0s"},
		{"JOURNAL_MAX_STREAMS", "-1", "JOURNAL_MAX_STREAMS is -1"},
		{"JOURNAL_LEASE_TIME", "1ms", "JOURNAL_LEASE_TIME is 1ms"},
	})
}

// TestReady finds that the service touches no schema that it does not know, and begins by itself when there is one.
func TestReady(t *testing.T) {
	t.Parallel()
	engine := enginetest.SQLite(t)
	s := start(t, &backend{}, options{db: servicetest.OpenDB(t, engine.URL)})
	s.get(t).wantProblem(t, problem.Unavailable)
	b := newBackend(t, engine.URL)
	b.write(t, "KrishnaMohan")
	servicetest.Eventually(t, "it is ready", func() bool { return s.ready() == nil })
	b.waitFor(t, 1)
}

// TestReadingWithoutTheDatabase finds that a service without its database says so, without telling where it is, that it stays
// ready, and that a stream outlasts it.
func TestReadingWithoutTheDatabase(t *testing.T) {
	t.Parallel()
	b := newBackend(t, enginetest.MySQL(t).URL)
	proxy := mysqlproxy.New(t, b.sqlURL)
	s := start(t, b, options{db: servicetest.OpenDB(t, proxy.URL()), timeout: 5 * time.Second})
	id := b.write(t, "KrishnaMohan")[0]
	b.waitFor(t, 1)
	st := s.follow(t, "")
	s.get(t).page(t)
	proxy.Stop()
	for _, target := range []string{"/journal", "/journal?user=KrishnaMohan", "/journal/" + id, "/journal/stream"} {
		s.send(t, http.MethodGet, target).wantProblem(t, problem.Unavailable)
	}
	if got := s.send(t, http.MethodGet, "/readyz"); got.status != http.StatusOK {
		t.Errorf("it is no longer ready: %d %s", got.status, got.body)
	}
	proxy.Start()
	next := b.write(t, "KrishnaMohan")[0]
	if got := st.take(t, 1); got[0] != next {
		t.Errorf("the stream went on with %v, want %s", got, next)
	}
	start(t, b, options{timeout: time.Nanosecond}).get(t).wantProblem(t, problem.Unavailable)
}
