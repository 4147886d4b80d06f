package main_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/glarimy/ums/services/journal"
	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/enginetest"
)

func openFor(t *testing.T, url string) *database.DB {
	t.Helper()
	db, err := database.Config{URL: url}.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// TestJournalVerify reads what an operator is told of a sound journal, and of one that lacks an event.
func TestJournalVerify(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	if _, err := command(t, nil, "journal", "verify", "--data", data); err == nil || !strings.Contains(err.Error(), "there is no database") {
		t.Errorf("without a database: %v", err)
	}
	i := start(t, data, nil)
	for _, name := range []string{"KrishnaMohan", "Krishna Rao"} {
		if status, body := call(t, http.MethodPost, i.url+"/user", `{"name":"`+name+`","phone":9731423166}`); status != http.StatusCreated {
			t.Fatalf("POST = %d %s", status, body)
		}
	}
	eventually(t, "both are recorded", func() bool {
		_, body := call(t, http.MethodGet, i.url+"/journal?type=com.glarimy.ums.user.added", "")
		return strings.Count(body, `"specversion"`) == 2
	})
	out, err := command(t, nil, "journal", "verify", "--data", data, "--patience", "0s")
	if want := "2 events in the outbox (0 of them on their way to the journal), 2 changes in the journal, 2 users: 0 findings\n"; err != nil || out != want {
		t.Errorf("verify = %q, %v", out, err)
	}
	if err := i.stop(); err != nil { // or it would mend what follows
		t.Fatal(err)
	}
	db := openFor(t, "sqlite://"+filepath.Join(data, "ums.db"))
	execute(t, db, "DELETE FROM ums_journal WHERE user = ?", "Krishna Rao")
	out, err = command(t, nil, "journal", "verify", "--data", data, "--patience", "0s", "--limit", "1")
	if err == nil || err.Error() != "the journal is not what it should be: 2 findings" ||
		!strings.HasPrefix(out, "missing  user Krishna Rao, sequence 2, event ") || !strings.Contains(out, "\nand 1 more; --limit prints") {
		t.Errorf("verify = %q, %v", out, err)
	}
	out, err = command(t, nil, "journal", "verify", "--data", data, "--patience", "0s", "--json")
	var v journal.Verification
	if decoded := json.Unmarshal([]byte(out), &v); err == nil || decoded != nil || v.Count != 2 || v.Findings[1].Kind != journal.KindUnrecorded {
		t.Errorf("verify --json = %s, %v, %v", out, err, decoded)
	}
	if strings.Contains(out, "97314") {
		t.Errorf("a phone number is told: %s", out)
	}
	if _, err := command(t, nil, "journal", "verify", "now"); err == nil || !strings.Contains(err.Error(), `no argument "now"`) {
		t.Errorf("with an argument: %v", err)
	}
}

// TestJournalSurvivesItsBus has 10,000 changes written through two replicas while the server of the bus is flushed, killed
// and made to hang, and one of the replicas ends. Afterwards every event of the outbox is in the journal exactly once, each
// user's in order, and the changes give ums_users.
func TestJournalSurvivesItsBus(t *testing.T) {
	t.Parallel()
	goal := int64(10_000)
	if testing.Short() {
		goal = 1_000
	}
	events := enginetest.Redis(t)
	env := patient(t, map[string]string{
		"DATABASE_URL": enginetest.MySQL(t).URL, "REDIS_URL": enginetest.Redis(t).URL, "EVENTS_URL": events.URL, "ACCESS_LOG": "off",
	})
	replicas := []*instance{start(t, t.TempDir(), env), start(t, t.TempDir(), env)}
	w := &writers{goal: goal, urls: []string{replicas[0].url, replicas[1].url}}
	written := w.run(t)

	client := redis.NewClient(&redis.Options{Addr: events.Addr})
	t.Cleanup(func() { _ = client.Close() })
	flush := func() {
		if err := client.FlushDB(t.Context()).Err(); err != nil {
			t.Errorf("flush: %v", err)
		}
	}
	faults := []func(){
		flush,
		func() { events.Stop(t) },
		func() { events.Start(t) },
		func() { events.Pause(t) },
		func() { events.Resume(t) },
		func() {
			w.only.Store(true)
			if err := replicas[0].stop(); err != nil {
				t.Errorf("stop: %v", err)
			}
		},
		flush,
		func() { events.Stop(t); events.Start(t) },
	}
	for i, fault := range faults {
		at := goal * int64(i+1) / int64(len(faults)+1)
		eventuallyWithin(t, 5*time.Minute, fmt.Sprintf("%d changes are written", at), func() bool { return w.done.Load() >= at || t.Failed() })
		fault()
	}
	<-written

	db := openFor(t, env["DATABASE_URL"])
	var told string
	eventuallyWithin(t, time.Minute, "the journal is what it should be", func() bool {
		out, err := command(t, env, "journal", "verify", "--patience", "0s")
		told = out
		return err == nil
	})
	t.Log(strings.TrimSpace(told))
	number := func(query string) (n int64) {
		if err := db.QueryRowContext(t.Context(), query).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	outbox, once := number("SELECT COUNT(*) FROM ums_outbox"), number("SELECT COUNT(*) FROM ums_outbox o JOIN ums_journal j ON j.id = o.id")
	all := number("SELECT COUNT(*) FROM ums_journal WHERE sequence IS NOT NULL")
	if outbox != w.done.Load() || once != outbox || all != outbox {
		t.Errorf("%d changes were answered, %d are in the outbox, %d of those in the journal, which has %d", w.done.Load(), outbox, once, all)
	}
	wantStream(t, replicas[1].url, outbox)
	logDelays(t, db)
}

// writers change users over HTTP.
type writers struct {
	goal int64
	urls []string
	only atomic.Bool  // the last of the URLs alone
	done atomic.Int64 // changes that were answered with success
}

// run starts the writers. The channel is closed when they are done.
func (w *writers) run(t *testing.T) <-chan struct{} {
	t.Helper()
	const count = 12
	client := &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: count}}
	var all sync.WaitGroup
	for number := range count {
		all.Go(func() {
			for i := 0; w.done.Load() < w.goal && !t.Failed(); i++ {
				w.live(t, client, fmt.Sprintf("Writer %02d user %02d", number, i%20), number+i)
			}
		})
	}
	ended := make(chan struct{})
	go func() { all.Wait(); close(ended) }()
	return ended
}

// live takes a user a step on: added, changed, and sometimes removed.
func (w *writers) live(t *testing.T, client *http.Client, name string, step int) {
	phone := 9_000_000_000 + step
	status := w.send(t, client, step, http.MethodPost, "/user", fmt.Sprintf(`{"name":%q,"phone":%d}`, name, phone))
	if status != http.StatusCreated && status != http.StatusConflict {
		t.Errorf("POST = %d", status)
	}
	if status := w.send(t, client, step, http.MethodPatch, "/user/"+url.PathEscape(name), fmt.Sprintf(`{"phone":%d}`, phone+1)); status != http.StatusOK {
		t.Errorf("PATCH = %d", status)
	}
	if step%3 == 0 {
		if status := w.send(t, client, step, http.MethodDelete, "/user/"+url.PathEscape(name), ""); status != http.StatusNoContent {
			t.Errorf("DELETE = %d", status)
		}
	}
}

// send makes a request and counts it where it changed something. One that met a replica's end is sent to the other.
func (w *writers) send(t *testing.T, client *http.Client, step int, method, path, body string) int {
	base := w.urls[step%len(w.urls)]
	if w.only.Load() {
		base = w.urls[len(w.urls)-1]
	}
	request, err := http.NewRequestWithContext(context.Background(), method, base+path, strings.NewReader(body))
	if err != nil {
		t.Error(err)
		return 0
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := client.Do(request)
	if err != nil {
		if w.only.Load() && base != w.urls[len(w.urls)-1] { // it was not accepted any more
			return w.send(t, client, step, method, path, body)
		}
		t.Errorf("%s: %v", method, err)
		return 0
	}
	defer func() { _ = response.Body.Close() }()
	_, _ = io.Copy(io.Discard, response.Body)
	if response.StatusCode < http.StatusMultipleChoices {
		w.done.Add(1)
	}
	return response.StatusCode
}

// wantStream reads the whole journal from a stream through the gateway: every change once, each user's in order.
func wantStream(t *testing.T, base string, changes int64) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/journal/stream", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Last-Event-ID", "0")
	response, err := new(http.Transport).RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	ids, last := map[string]bool{}, map[string]string{}
	lines := bufio.NewScanner(response.Body)
	for lines.Scan() {
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok {
			continue
		}
		var e struct{ ID, Subject, Sequence string }
		if err := json.Unmarshal([]byte(data), &e); err != nil {
			t.Fatalf("%s: %v", data, err)
		}
		if e.Sequence == "" {
			continue
		}
		if ids[e.ID] || e.Sequence <= last[e.Subject] {
			t.Errorf("event %s of %s comes after %s, or twice", e.Sequence, e.Subject, last[e.Subject])
		}
		if ids[e.ID], last[e.Subject] = true, e.Sequence; int64(len(ids)) == changes {
			return
		}
	}
	t.Errorf("the stream had %d changes of %d", len(ids), changes)
}

// logDelays tells how long events took to the journal.
func logDelays(t *testing.T, db *database.DB) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), "SELECT TIMESTAMPDIFF(MICROSECOND, occurred_at, recorded_at) FROM ums_journal WHERE sequence IS NOT NULL")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var delays []time.Duration
	for rows.Next() {
		var micros int64
		if err := rows.Scan(&micros); err != nil {
			t.Fatal(err)
		}
		delays = append(delays, time.Duration(micros)*time.Microsecond)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	slices.Sort(delays)
	if n := len(delays); n > 0 {
		t.Logf("from an event to its place in the journal, with all faults: p50 %s, p99 %s, longest %s",
			delays[n/2], delays[n*99/100], delays[n-1])
	}
}
