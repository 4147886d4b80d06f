package add_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"
)

// TestFence watches Redis and the database at once. Of every write: the row is changed and locked, then the fence is
// set, then the change is committed; then the client is answered, and the fence is taken down.
func TestFence(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *backends) {
		watcher := &fenceWatcher{t: t, b: b, user: "KrishnaMohan"}
		s := start(t, b, options{redisHook: &recorder{before: watcher.before, after: watcher.after}})
		for _, step := range []struct {
			method, path, body string
			headers            []string
			status             int
			before, after      string
		}{
			{http.MethodPost, "/user", draft("KrishnaMohan"), nil, http.StatusCreated, "none", "1"},
			{http.MethodPatch, "/user/KrishnaMohan", change(otherPhone), nil, http.StatusOK, "1", "2"},
			{http.MethodDelete, "/user/KrishnaMohan", "", nil, http.StatusNoContent, "2", "none"},
			{http.MethodPost, "/user", draft("KrishnaMohan"), []string{"Idempotency-Key", "k"}, http.StatusCreated, "none", "1"},
		} {
			if err := b.redis.Set(t.Context(), "ums:user:v1:KrishnaMohan", "what a reader has put there", 0).Err(); err != nil {
				t.Fatal(err)
			}
			watcher.expect(step.before, step.after)
			s.send(t, step.method, step.path, step.body, step.headers...).wantStatus(t, step.status)
			b.wantReleased(t, "KrishnaMohan") // which is after the answer
			if fences, releases := watcher.counts(); fences != 1 || releases != 1 {
				t.Errorf("%s: %d fences and %d releases, want one of each", step.method, fences, releases)
			}
		}
		for _, line := range []string{
			"ums_cache_unfenced_writes_total 0", "ums_cache_fences_gone_total 0", "ums_cache_fences_unreleased_total 0",
		} {
			s.wantMetric(t, line)
		}
	})
}

// fenceWatcher looks at what is committed while a fence is set and taken down.
type fenceWatcher struct {
	t    *testing.T
	b    *backends
	user string

	mu               sync.Mutex
	old, new         string // versions
	fences, releases int
}

func (w *fenceWatcher) expect(before, after string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.old, w.new, w.fences, w.releases = before, after, 0, 0
}

func (w *fenceWatcher) counts() (fences, releases int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.fences, w.releases
}

// after is called when Redis has answered.
func (w *fenceWatcher) after(command redis.Cmder) {
	if command.Name() != "set" {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fences++
	w.look("after the fence was set", w.old)
	if !w.locked() {
		w.t.Error("a fence was set before the row was locked")
	}
}

// before is called when Redis has not been asked yet.
func (w *fenceWatcher) before(command redis.Cmder) {
	if command.Name() != "evalsha" {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.releases++
	w.look("before the fence is taken down", w.new)
}

func (w *fenceWatcher) look(when, want string) {
	got := "none"
	if u, ok := w.b.users(w.t)[w.user]; ok {
		got = fmt.Sprint(u.version)
	}
	if got != want {
		w.t.Errorf("%s the committed version is %s, want %s", when, got, want)
	}
	if held := w.b.cached(w.t, w.user); !strings.HasPrefix(held, "fence:") {
		w.t.Errorf("%s the cache holds %q, want a fence", when, held)
	}
}

// locked says whether a transaction holds the user's row. In SQLite it holds them all.
func (w *fenceWatcher) locked() bool {
	if strings.HasPrefix(w.b.sqlURL, "sqlite:") {
		return true
	}
	rows, err := w.b.db.QueryContext(w.t.Context(), "SELECT version FROM ums_users WHERE name = ? FOR UPDATE NOWAIT", w.user)
	if err != nil {
		return true
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
	}
	return rows.Err() != nil
}
