package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	ums "github.com/glarimy/ums/cmd/ums"
	"github.com/glarimy/ums/cmd/ums/doctor"
	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/enginetest"
)

// examine runs the doctor and returns its lines and its exit status.
func examine(t *testing.T, env map[string]string, args ...string) (lines string, exit int) {
	t.Helper()
	var environ []string
	for name, value := range env {
		environ = append(environ, name+"="+value)
	}
	var stdout, stderr bytes.Buffer
	err := ums.RunWith(t.Context(), append([]string{"doctor"}, args...), func(key string) string { return env[key] }, environ, "",
		&stdout, &stderr)
	return regexp.MustCompile(` {2,}`).ReplaceAllString(stdout.String(), " "), status(err)
}

// wantLines holds a doctor's lines against what each must begin with; the others are of no interest.
func wantLines(t *testing.T, lines string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains("\n"+lines, "\n"+w) {
			t.Errorf("no line begins with %q:\n%s", w, lines)
		}
	}
}

// TestDoctorOfHealthyEmbedded looks at `ums up` as it comes, and at its data.
func TestDoctorOfHealthyEmbedded(t *testing.T) {
	t.Parallel()
	i := start(t, t.TempDir(), nil)
	if status, body := call(t, http.MethodPost, i.url+"/user", draft); status != http.StatusCreated {
		t.Fatalf("POST = %d %s", status, body)
	}
	eventually(t, "the event is in the journal", func() bool {
		_, body := call(t, http.MethodGet, i.url+"/journal", "")
		return strings.Contains(body, "KrishnaMohan")
	})
	var lines string
	eventually(t, "the doctor is content", func() (well bool) {
		var exit int
		lines, exit = examine(t, nil, "-url", i.url, "-admin", "off", "-data", i.data)
		return exit == 0 && strings.Contains(lines, "no event waits")
	})
	wantLines(t, lines, "ok gateway "+i.url+" is live and ready", "ok gateway /openapi.json describes ", "ok clock the gateway's clock",
		"ok database it answers, with the schema at version ", "ok clock the database's clock", "ok relay ", "ok outbox no event waits",
		"ok outbox it holds up to 1 events", "ok journal it is complete up to sequence 1", "skip cache REDIS_URL is not set here",
		"skip bus EVENTS_URL is not set here", "skip admin no admin address", "ok variables 0 are set")

	out, exit := examine(t, nil, "-url", i.url, "-admin", "off", "-data", i.data, "-json")
	var report struct {
		Status   string
		Findings []doctor.Finding
	}
	if err := json.Unmarshal([]byte(out), &report); err != nil || exit != 0 || report.Status != "ok" || len(report.Findings) < 10 {
		t.Errorf("as JSON: %s, %v, status %d", out, err, exit)
	}
}

// TestDoctorOfNothing tells in one line each what cannot be reached, and looks at the rest.
func TestDoctorOfNothing(t *testing.T) {
	t.Parallel()
	lines, exit := examine(t, map[string]string{"REDIS_UR": "secret", "CACHE_TLL": "1s", "LOG_LEVEL": "info", "EVENTS_MAX": "1", "ADD_PORT": "x"},
		"-url", "http://127.0.0.1:1", "-data", t.TempDir(), "-admin", "127.0.0.1:1")
	if exit != 2 {
		t.Errorf("status %d", exit)
	}
	wantLines(t, lines, "fail gateway http://127.0.0.1:1 does not answer", "skip database there is no database: DATABASE_URL is not set",
		"skip admin no metrics at 127.0.0.1:1", "warn variables nobody reads REDIS_UR → did you mean REDIS_URL?",
		"warn variables nobody reads CACHE_TLL → did you mean CACHE_TTL?", "warn variables nobody reads EVENTS_MAX → docs/")
	if strings.Contains(lines, "secret") || strings.Contains(lines, "ADD_PORT") || strings.Contains(lines, "LOG_LEVEL") {
		t.Errorf("it tells too much:\n%s", lines)
	}
	lines, exit = examine(t, map[string]string{"DATABASE_URL": "mysql://root:hidden@tcp(127.0.0.1:1)/x", "REDIS_URL": "redis://:hidden@127.0.0.1:1",
		"EVENTS_URL": "redis://:hidden@127.0.0.1:1"}, "-url", "http://127.0.0.1:1", "-admin", "off", "-timeout", "30s")
	wantLines(t, lines, "fail database it cannot be read", "skip outbox ", "skip journal ",
		"fail cache the server of REDIS_URL cannot be reached", "fail bus the server of EVENTS_URL cannot be reached", "ok variables 3 are set")
	if exit != 2 || strings.Contains(lines, "hidden") {
		t.Errorf("status %d:\n%s", exit, lines)
	}
}

// TestDoctorOfBrokenDatabase breaks one thing after the other in the data of a system that has ended.
func TestDoctorOfBrokenDatabase(t *testing.T) {
	t.Parallel()
	i := start(t, t.TempDir(), nil)
	if status, body := call(t, http.MethodPost, i.url+"/user", draft); status != http.StatusCreated {
		t.Fatalf("POST = %d %s", status, body)
	}
	look := func() string {
		lines, _ := examine(t, nil, "-url", "http://127.0.0.1:1", "-data", i.data, "-admin", "off")
		return lines
	}
	eventually(t, "its event is published, and in the journal", func() bool {
		lines := look()
		return strings.Contains(lines, "no event waits for the bus") && strings.Contains(lines, "it is complete up to sequence 1\n")
	})
	if err := i.stop(); err != nil {
		t.Fatal(err)
	}
	// A lease that its holder could not give up in time ends by itself.
	eventually(t, "none leads or appends", func() bool {
		lines := look()
		return strings.Contains(lines, "none leads") && strings.Contains(lines, "nobody appends")
	})
	db, err := database.Config{URL: "sqlite://" + filepath.Join(i.data, "ums.db")}.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	wantLines(t, look(), "warn relay none leads", "warn journal it is complete up to sequence 1; nobody appends")

	execute(t, db, "UPDATE ums_outbox SET published_at = NULL, occurred_at = '2026-01-01T00:00:00.000000Z'")
	execute(t, db, "UPDATE ums_journal_progress SET walked_seq = 0")
	execute(t, db, "INSERT INTO ums_outbox_parked (aggregateid, attempts, next_attempt_at, last_error) VALUES ('x', 1, '2026-01-01T00:00:00.000000Z', 'y')")
	wantLines(t, look(), "fail relay none leads, and events wait", "fail outbox 1 events wait for the bus, the oldest for ",
		"warn outbox the events of 1 users wait", "warn outbox it holds up to 1 events", "fail journal it is complete up to sequence 0; up to 1 events")

	execute(t, db, "UPDATE schema_migrations SET version = version + 1")
	wantLines(t, look(), "warn database the schema is at version ")
	execute(t, db, "UPDATE ums_schema_floor SET min_version = 1000")
	wantLines(t, look(), "fail database the schema is at version ")
	execute(t, db, "UPDATE schema_migrations SET version = 3")
	wantLines(t, look(), "fail database the schema is at version 3 and this program needs ")
	execute(t, db, "UPDATE schema_migrations SET dirty = 1")
	wantLines(t, look(), "fail database the schema is dirty at version 3")
}

// TestDoctorOfRedis changes the settings of real servers, and what is on the bus.
func TestDoctorOfRedis(t *testing.T) {
	t.Parallel()
	if os.Getenv("TEST_REDIS_URL") != "" {
		t.Skip("the settings of the server of TEST_REDIS_URL are not this test's to change")
	}
	cache, events := enginetest.Redis(t), enginetest.Redis(t)
	ask, busClient := redis.NewClient(&redis.Options{Addr: cache.Addr}), redis.NewClient(&redis.Options{Addr: events.Addr})
	t.Cleanup(func() { _, _ = ask.Close(), busClient.Close() })
	set := func(c *redis.Client, name, value string) {
		t.Helper()
		if err := c.ConfigSet(t.Context(), name, value).Err(); err != nil {
			t.Fatal(err)
		}
	}
	look := func(bus string) string {
		lines, _ := examine(t, map[string]string{"REDIS_URL": cache.URL, "EVENTS_URL": bus},
			"-url", "http://127.0.0.1:1", "-data", t.TempDir(), "-admin", "off", "-timeout", "1m")
		return lines
	}
	wantLines(t, look(events.URL), "warn cache the cache of REDIS_URL has no bound", "fail cache the cache of REDIS_URL has the maxmemory-policy noeviction",
		"fail bus its server has no append-only file", "warn bus nobody has ever consumed")
	wantLines(t, look(cache.URL), "fail bus REDIS_URL and EVENTS_URL name the same server")

	set(ask, "maxmemory", "64mb")
	set(ask, "maxmemory-policy", "volatile-lru")
	set(busClient, "appendonly", "yes")
	old := fmt.Sprintf("%d-0", time.Now().Add(-time.Minute).UnixMilli())
	add := func(id string) {
		t.Helper()
		if err := busClient.XAdd(t.Context(), &redis.XAddArgs{Stream: "ums:user:events", ID: id, Values: []any{"a", "b"}}).Err(); err != nil {
			t.Fatal(err)
		}
	}
	add(old)
	for group, from := range map[string]string{"find": "$", "journal": "0"} {
		if err := busClient.XGroupCreate(t.Context(), "ums:user:events", group, from).Err(); err != nil {
			t.Fatal(err)
		}
	}
	wantLines(t, look(events.URL), "ok cache the cache of REDIS_URL answers, without persistence", "ok bus its server answers, with an append-only file and noeviction",
		"ok bus the group find has done all", "warn bus the group journal is 1m")
	if err := busClient.XAdd(t.Context(), &redis.XAddArgs{Stream: "ums:user:events:dead", Values: []any{"a", "b"}}).Err(); err != nil {
		t.Fatal(err)
	}
	set(ask, "save", "60 1")
	set(ask, "maxmemory-policy", "allkeys-lru")
	set(busClient, "maxmemory-policy", "allkeys-lru")
	wantLines(t, look(events.URL), "fail cache the cache of REDIS_URL has persistence", "fail cache the cache of REDIS_URL has the maxmemory-policy allkeys-lru",
		"fail bus its server has the maxmemory-policy allkeys-lru", "warn bus there are 1 dead letters")
}

// TestDoctorOfGateway looks at gateways that are not as they should be.
func TestDoctorOfGateway(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		ready    int
		document string
		date     time.Duration
		want     []string
	}{
		"draining":       {503, `{"openapi":"3.1.0","paths":{}}`, 0, []string{"fail gateway", "ok clock"}},
		"slots missing":  {200, `{"openapi":"3.1.0","paths":{"/user":{"post":{}}}}`, 0, []string{"warn gateway /openapi.json does not describe GET /user, GET /user/{name}, GET /journal"}},
		"no description": {200, `<html>`, 0, []string{"fail gateway /openapi.json answers 200 and no description"}},
		"clock ahead":    {200, `{}`, 10 * time.Second, []string{"warn clock the gateway's clock and this machine's differ by "}},
		"clock far back": {200, `{}`, -90 * time.Minute, []string{"fail clock the gateway's clock and this machine's differ by 1h"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Date", time.Now().Add(tc.date).UTC().Format(http.TimeFormat))
				switch r.URL.Path {
				case "/readyz":
					w.WriteHeader(tc.ready)
				case "/openapi.json":
					_, _ = w.Write([]byte(tc.document))
				}
			}))
			t.Cleanup(server.Close)
			lines, exit := examine(t, nil, "-url", server.URL, "-data", t.TempDir(), "-admin", "off")
			wantLines(t, lines, tc.want...)
			if exit == 0 {
				t.Errorf("status 0:\n%s", lines)
			}
		})
	}
}

// TestDoctorOfMetrics reads the bus in the process of `ums up` by its metrics.
func TestDoctorOfMetrics(t *testing.T) {
	t.Parallel()
	admin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("# TYPE ums_build_info gauge\nums_build_info{version=\"v0\",commit=\"c\"} 1\n" +
			"# TYPE ums_bus_lag_seconds gauge\nums_bus_lag_seconds{group=\"find\"} 300\nums_bus_lag_seconds{group=\"journal\"} 0\n" +
			"# TYPE ums_bus_dead_letters gauge\nums_bus_dead_letters 2\n"))
	}))
	t.Cleanup(admin.Close)
	lines, _ := examine(t, nil, "-url", "http://127.0.0.1:1", "-data", t.TempDir(), "-admin", strings.TrimPrefix(admin.URL, "http://"))
	wantLines(t, lines, "warn admin the process at ", "fail bus in the process, the group find", "ok bus in the process, the group journal",
		"warn bus in the process there are 2 dead letters")
}

// TestDoctorKnowsTheVariables holds what the doctor knows against the page.
func TestDoctorKnowsTheVariables(t *testing.T) {
	t.Parallel()
	var documented []string
	for line := range strings.SplitSeq(read(t, filepath.Join(root, "docs/configuration.md")), "\n") {
		if cells := strings.Split(line, "|"); len(cells) > 2 {
			for _, name := range regexp.MustCompile("`([A-Z_]+)`").FindAllStringSubmatch(cells[1], -1) {
				documented = append(documented, name[1])
			}
		}
	}
	known := doctor.Variables()
	for _, name := range documented {
		if !slices.Contains(known, name) {
			t.Errorf("the doctor does not know %s of docs/configuration.md", name)
		}
	}
	for _, name := range known {
		if !slices.Contains(documented, name) {
			t.Errorf("the doctor knows %s, which docs/configuration.md does not list", name)
		}
	}
}
