package main_test

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/enginetest"
)

// TestAnotherProgramsWrite finds what a program of another language writes, the row and its outbox row by plain SQL,
// through GET within a second, though the old value was cached for long.
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
	get := func(name string) (int, string) { return call(t, http.MethodGet, i.url+"/user/"+name, "") }
	const outbox = "INSERT INTO ums_outbox (id, aggregatetype, aggregateid, type, payload, occurred_at) VALUES (?, 'user', ?, ?, ?, "
	// The first user comes without an event, as one would delete what is to be cached.
	execute(t, db, "INSERT INTO ums_users (name, phone, since) VALUES ('KrishnaMohan', 9731423166, "+now+")")
	for range 3 { // the value and the absence are cached
		get("KrishnaMohan")
		if status, body := get("Krishna%20Rao"); status != http.StatusNotFound {
			t.Fatalf("GET = %d %s", status, body)
		}
	}
	execute(t, db, "UPDATE ums_users SET phone = 9731423199, version = version + 1 WHERE name = 'KrishnaMohan'")
	if _, body := get("KrishnaMohan"); !strings.Contains(body, "9731423166") {
		t.Fatalf("GET = %s, want what is cached: nothing has told of the change", body)
	}
	execute(t, db, outbox+now+")", uuid.NewString(), "KrishnaMohan", "com.glarimy.ums.user.changed", `{"name":"KrishnaMohan"}`)
	wantSoon(t, "the change", func() bool { _, body := get("KrishnaMohan"); return strings.Contains(body, "9731423199") })

	execute(t, db, "INSERT INTO ums_users (name, phone, since) VALUES ('Krishna Rao', 9731423166, "+now+")")
	execute(t, db, outbox+now+")", uuid.NewString(), "Krishna Rao", "com.glarimy.ums.user.added", `{"name":"Krishna Rao"}`)
	wantSoon(t, "the new user", func() bool { status, _ := get("Krishna%20Rao"); return status == http.StatusOK })
}

// wantSoon fails t unless something is visible within a second.
func wantSoon(t *testing.T, what string, is func() bool) {
	t.Helper()
	begin := time.Now()
	eventually(t, what+" is visible", is)
	if took := time.Since(begin); took > time.Second {
		t.Errorf("%s was visible after %s, want at most a second", what, took)
	} else {
		t.Logf("%s was visible after %s", what, took)
	}
}
