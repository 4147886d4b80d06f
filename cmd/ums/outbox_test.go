package main_test

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	ums "github.com/glarimy/ums/cmd/ums"
	"github.com/glarimy/ums/shared/database"
)

// command runs one of the operator's commands and returns what it printed.
func command(t *testing.T, env map[string]string, args ...string) (string, error) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	err := ums.Run(t.Context(), args, func(key string) string { return env[key] }, &stdout, &stderr)
	return stdout.String(), err
}

type outbox struct {
	Waiting     int     `json:"waiting"`
	Leader      *string `json:"leader"`
	ParkedUsers int     `json:"parked_users"`
	Parked      []struct {
		User      string `json:"user"`
		Waiting   int    `json:"waiting"`
		Attempts  int    `json:"attempts"`
		LastError string `json:"last_error"`
	} `json:"parked"`
}

func readOutbox(t *testing.T, args ...string) (o outbox) {
	t.Helper()
	out, err := command(t, nil, append([]string{"outbox", "--json"}, args...)...)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(out), &o); err != nil {
		t.Fatalf("%s: %v", out, err)
	}
	return o
}

// eventually waits until a condition holds, or fails t.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	eventuallyWithin(t, 30*time.Second, what, holds)
}

func eventuallyWithin(t *testing.T, patience time.Duration, what string, holds func() bool) {
	t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for !holds() {
		select {
		case <-again.C:
		case <-deadline.C:
			t.Fatalf("not within %s: %s", patience, what)
		}
	}
}

// TestOutbox follows a user whom a program of another language has given an event that no bus takes, on the data of an
// `ums up` that runs, through the operator's commands, until the operator has mended the row.
func TestOutbox(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	i := start(t, data, nil)
	if status, body := call(t, http.MethodPost, i.url+"/user", draft); status != http.StatusCreated {
		t.Fatalf("POST = %d %s", status, body)
	}
	eventually(t, "its event is published", func() bool {
		o := readOutbox(t, "--data", data)
		return o.Waiting == 0 && o.Leader != nil
	})

	db, err := database.Config{URL: "sqlite://" + filepath.Join(data, "ums.db")}.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	execute(t, db, insertEvent,
		uuid.NewString(), "Un wanted", "com.glarimy.ums.user.changed", "not JSON", "2026-01-01T00:00:00.000000Z")
	eventually(t, "the user is parked", func() bool { return readOutbox(t, "--data", data).ParkedUsers == 1 })
	got := readOutbox(t, "--data", data)
	if p := got.Parked[0]; got.Waiting != 1 || p.User != "Un wanted" || p.Waiting != 1 || p.Attempts < 1 ||
		!strings.Contains(p.LastError, "data is not one JSON value") {
		t.Errorf("the outbox is %+v", got)
	}
	text, err := command(t, nil, "outbox", "-data", data)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"waiting events  1, the oldest since ", "parked users    1\n", "LAST ERROR\nUn wanted ", "is not one JSON value"} {
		if !strings.Contains(text, want) {
			t.Errorf("ums outbox lacks %q:\n%s", want, text)
		}
	}

	execute(t, db, "UPDATE ums_outbox SET payload = '{}' WHERE aggregateid = 'Un wanted'")
	execute(t, db, "UPDATE ums_outbox_parked SET next_attempt_at = '9999-01-01T00:00:00.000000Z'")
	if out, err := command(t, nil, "outbox", "retry", "--data", data, "Un wanted"); err != nil || !strings.HasPrefix(out, "1 ") {
		t.Errorf("retry = %q, %v", out, err)
	}
	eventually(t, "nothing waits", func() bool { o := readOutbox(t, "--data", data); return o.Waiting == 0 && o.ParkedUsers == 0 })
	if _, err := command(t, nil, "outbox", "retry", "--data", data, "Un wanted"); err == nil || !strings.Contains(err.Error(), "not parked") {
		t.Errorf("retry of who is not parked: %v", err)
	}
	if out, err := command(t, nil, "outbox", "retry", "--data", data, "--all", "--json"); err != nil || !strings.Contains(out, `"users": 0`) {
		t.Errorf("retry --all = %q, %v", out, err)
	}
	if err := i.stop(); err != nil {
		t.Fatal(err)
	}
	// A lease that its holder could not give up in time ends by itself.
	eventually(t, "none leads", func() bool { return readOutbox(t, "--data", data).Leader == nil })
	if o := readOutbox(t, "--data", data); o.Waiting != 0 {
		t.Errorf("after the end: %+v", o)
	}
}

// TestOutboxOfAnAddElsewhere has the events of another filling of add published, which has no relay.
func TestOutboxOfAnAddElsewhere(t *testing.T) {
	t.Parallel()
	for relay, want := range map[string]int{"on": 0, "off": 1} {
		data := t.TempDir()
		start(t, data, map[string]string{"ADD_URL": "http://127.0.0.1:1", "RELAY": relay})
		db, err := database.Config{URL: "sqlite://" + filepath.Join(data, "ums.db")}.Open()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close() })
		execute(t, db, insertEvent, uuid.NewString(), "KrishnaMohan", "com.glarimy.ums.user.added", "{}", "2026-01-01T00:00:00.000000Z")
		eventually(t, "the relay leads, or there is none", func() bool {
			o := readOutbox(t, "--data", data)
			return o.Waiting == want && (o.Leader != nil) == (want == 0)
		})
	}
}

const insertEvent = "INSERT INTO ums_outbox (id, aggregatetype, aggregateid, type, payload, occurred_at) VALUES (?, 'user', ?, ?, ?, ?)"

func execute(t *testing.T, db *database.DB, statement string, args ...any) {
	t.Helper()
	err := db.InTx(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(t.Context(), statement, args...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestOutboxRefuses reads the messages as an operator does: one line that says what to do.
func TestOutboxRefuses(t *testing.T) {
	t.Parallel()
	empty := t.TempDir()
	for name, tc := range map[string]struct {
		args []string
		env  map[string]string
		want string
	}{
		"no data":          {args: []string{"outbox", "-data", empty}, want: "DATABASE_URL is not set, and " + empty + "/ums.db cannot be read: no such file"},
		"no schema":        {args: []string{"outbox"}, env: map[string]string{"DATABASE_URL": "sqlite://" + t.TempDir() + "/x.db"}, want: "run `migrate up`"},
		"no server":        {args: []string{"outbox"}, env: map[string]string{"DATABASE_URL": "mysql://u:secret@tcp(127.0.0.1:1)/ums"}, want: "connection refused"},
		"another database": {args: []string{"outbox"}, env: map[string]string{"DATABASE_URL": "postgres://x"}, want: "must begin with mysql:// or sqlite://"},
		"argument":         {args: []string{"outbox", "-data", empty, "all"}, want: `outbox takes no argument "all"`},
		"nobody":           {args: []string{"outbox", "retry"}, want: "give the name of one user"},
		"two":              {args: []string{"outbox", "retry", "One", "Two"}, want: "give the name of one user"},
		"one and all":      {args: []string{"outbox", "retry", "--all", "One"}, want: "give the name of one user"},
		"unknown flag":     {args: []string{"outbox", "-limits"}, want: "-limits"},
		"no limit at all":  {args: []string{"outbox", "--limit", "-1"}, want: "--limit is -1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, err := command(t, tc.env, tc.args...)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Fatalf("error = %v, want %q", err, tc.want)
			}
			if strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), "secret") {
				t.Errorf("the message is %q", err)
			}
			if out != "" {
				t.Errorf("it printed %q", out)
			}
		})
	}
}
