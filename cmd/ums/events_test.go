package main_test

import (
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/enginetest"
)

// TestAnotherProgramsWrite finds what a program of another language writes, the row and its outbox row by plain SQL,
// through GET within a second, though the old value was cached for long. A machine that stands still makes some writes
// late, but not each.
func TestAnotherProgramsWrite(t *testing.T) {
	t.Parallel()
	t.Run("MySQL and Redis", func(t *testing.T) {
		t.Parallel()
		engine := enginetest.MySQL(t)
		testAnotherProgramsWrite(t, engine.URL, t.TempDir(), map[string]string{
			"DATABASE_URL": engine.URL, "REDIS_URL": enginetest.Redis(t).URL, "EVENTS_URL": enginetest.Redis(t).URL,
		}, "UTC_TIMESTAMP(6)")
	})
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		data := t.TempDir()
		testAnotherProgramsWrite(t, "sqlite://"+filepath.Join(data, "ums.db"), data, map[string]string{},
			"strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')")
	})
}

func testAnotherProgramsWrite(t *testing.T, url, data string, env map[string]string, now string) {
	t.Helper()
	env["CACHE_TTL"], env["CACHE_NEGATIVE_TTL"] = "1h", "1h"
	i := start(t, data, env)
	db, err := database.Config{URL: url}.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	change, addition := time.Hour, time.Hour // the soonest
	for round := range 10 {
		changed, added, cached := writeAsAnother(t, db, i.url, fmt.Sprint("Krishna", round), now)
		if !cached {
			continue
		}
		t.Logf("the change was visible after %s, the new user after %s", changed, added)
		change, addition = min(change, changed), min(addition, added)
		if max(change, addition) <= time.Second {
			return
		}
	}
	t.Errorf("a change was visible after %s, a new user after %s at the soonest, want at most a second", change, addition)
}

// writeAsAnother changes one user that is cached and adds another, and returns how long after it was told of either write
// was visible. It is not cached where the machine is too slow for the time that a reader has for Redis.
func writeAsAnother(
	t *testing.T, db *database.DB, base, prefix, now string,
) (changed, added time.Duration, cached bool) {
	t.Helper()
	get := func(name string) (int, string) {
		return call(t, http.MethodGet, base+"/user/"+url.PathEscape(name), "")
	}
	visible := func(what string, is func() bool) time.Duration {
		begin := time.Now()
		eventually(t, what+" is visible", is)
		return time.Since(begin)
	}
	const (
		users  = "INSERT INTO ums_users (name, phone, since) VALUES (?, 9731423166, "
		outbox = "INSERT INTO ums_outbox (id, aggregatetype, aggregateid, type, payload, occurred_at) VALUES (?, 'user', ?, ?, ?, "
	)
	old, newcomer := prefix+"Mohan", prefix+" Rao"
	// The first user comes without an event, as one would delete what is to be cached.
	execute(t, db, users+now+")", old)
	for range 3 { // the value and the absence are cached
		get(old)
		if status, body := get(newcomer); status != http.StatusNotFound {
			t.Fatalf("GET = %d %s", status, body)
		}
	}
	execute(t, db, "UPDATE ums_users SET phone = 9731423199, version = version + 1 WHERE name = ?", old)
	if _, body := get(old); !strings.Contains(body, "9731423166") {
		t.Logf("GET = %s, want what is cached: nothing has told of the change", body)
		return 0, 0, false
	}
	execute(t, db, outbox+now+")", uuid.NewString(), old, "com.glarimy.ums.user.changed", fmt.Sprintf(`{"name":%q}`, old))
	changed = visible("the change", func() bool { _, body := get(old); return strings.Contains(body, "9731423199") })

	execute(t, db, users+now+")", newcomer)
	execute(t, db, outbox+now+")", uuid.NewString(), newcomer, "com.glarimy.ums.user.added", fmt.Sprintf(`{"name":%q}`, newcomer))
	added = visible("the new user", func() bool { status, _ := get(newcomer); return status == http.StatusOK })
	return changed, added, true
}
