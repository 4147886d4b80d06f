package examples_test

import (
	"bytes"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/glarimy/ums/conformance/contract"
	"github.com/glarimy/ums/conformance/contracttest"
	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/enginetest"
	"github.com/glarimy/ums/shared/event"
	"github.com/glarimy/ums/shared/event/eventdb"
	"github.com/glarimy/ums/shared/event/eventtest"
	"github.com/glarimy/ums/shared/servicetest"
	"github.com/glarimy/ums/shared/user/usertest"
)

// A change that add in Java has made may take contractLag to be seen, which is for the relay, the bus and find together. Of
// hundreds some meet a machine that stands still, so that each is given busyLag.
const (
	contractLag = time.Second
	busyLag     = 10 * time.Second
)

// TestAddJava holds the filling of add in Java against the contract, with the relay as a process of its own beside it.
// What find, search and the journal promise must hold as well: they see nothing but what the filling writes.
func TestAddJava(t *testing.T) {
	t.Parallel()
	folder := javaBuilt(t)
	java := filling{
		slot: contract.Add, folder: folder, command: []string{"java", "-jar", "target/add.jar"}, lag: busyLag,
	}
	db, bus := enginetest.MySQL(t), enginetest.Redis(t)
	url := java.start(t, db.URL)
	gateway := startSystem(t, map[string]string{
		"DATABASE_URL": db.URL, "EVENTS_URL": bus.URL, "ADD_URL": url, "RELAY": "off",
	})
	relay := filling{folder: ".", command: []string{relayBuilt(t)}, env: map[string]string{"EVENTS_URL": bus.URL}}
	for _, started := range []string{url, relay.start(t, db.URL)} {
		servicetest.Eventually(t, started+" is ready", func() bool {
			status, _ := get(t, started+"/readyz")
			return status == http.StatusOK
		})
	}
	t.Run("schema", func(t *testing.T) {
		t.Parallel()
		java.waitsForTheSchema(t)
	})
	java.addsFor(t, gateway, url)
	decidesOnTakenKeys(t, db.URL, url)
	keepsTheEvents(t, db.URL)
}

// TestAddJavaDescribesItself compares the document that the filling serves with the contract of the slot.
func TestAddJavaDescribesItself(t *testing.T) {
	t.Parallel()
	own, err := os.ReadFile(filepath.Join("add-java", "src", "main", "resources", "openapi.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	slot, err := os.ReadFile(filepath.Join("..", "services", "add", "openapi.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(own, slot) {
		t.Error("add-java/src/main/resources/openapi.yaml differs from services/add/openapi.yaml: copy it")
	}
}

// addsFor checks every clause of the slot, by the gateway and on the filling itself, and what its readers promise.
func (f filling) addsFor(t *testing.T, gateway, url string) {
	t.Helper()
	t.Run("gateway", func(t *testing.T) { f.isServedBy(t, gateway) })
	t.Run("alone", func(t *testing.T) {
		contracttest.RunWith(t, contract.Add, contract.Options{URL: gateway, WriteURL: url, Lag: f.lag})
	})
	for _, reads := range []contract.Slot{contract.Find, contract.Search, contract.Journal} {
		t.Run("seen by "+string(reads), func(t *testing.T) {
			contracttest.RunWith(t, reads, contract.Options{URL: gateway, Lag: f.lag})
		})
	}
	t.Run("in time", func(t *testing.T) { isSeenInTime(t, gateway) })
	t.Run("bad input", func(t *testing.T) { refusesBadInput(t, url) })
	t.Run("good names", func(t *testing.T) { takesGoodNames(t, url) })
}

// isSeenInTime holds the filling to the contract's lag, with one change at a time: one of some must keep it.
func isSeenInTime(t *testing.T, gateway string) {
	t.Helper()
	client, err := contract.NewClient(contract.Options{URL: gateway, Lag: contractLag})
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, clause := range contract.Clauses(contract.Find) {
		if clause.ID == "find/fresh/change" || clause.ID == "find/fresh/remove" {
			checked++
			servicetest.Eventually(t, clause.ID, func() bool { return clause.Check(t.Context(), client) == nil })
		}
	}
	if checked != 2 {
		t.Errorf("%d clauses were checked, want 2", checked)
	}
}

// refusesBadInput sends the house's table of what clients must not send to the filling itself, and wants nothing stored.
func refusesBadInput(t *testing.T, url string) {
	t.Helper()
	send := func(c usertest.Case, method, path string) {
		request, err := c.NewRequest(t.Context(), method, url+path)
		if err != nil {
			t.Fatal(err)
		}
		status, header, body := exchange(t, request)
		if err := c.Check(status, header, body); err != nil {
			t.Errorf("%s %s: %v", method, c.Name, err)
		}
	}
	for _, c := range usertest.BadDrafts() {
		send(c, http.MethodPost, "/user")
	}
	for _, c := range usertest.BadChanges() {
		send(c, http.MethodPatch, "/user/nobody%20at%20all")
	}
	for _, n := range usertest.BadNames() {
		status, header, body := exchange(t, newRequest(t, http.MethodDelete, url+"/user/"+n.Segment(), ""))
		if err := n.Check(status, header, body); err != nil {
			t.Errorf("DELETE of the name %s: %v", n.Name, err)
		}
	}
	if status, _, _ := exchange(t, newRequest(t, http.MethodDelete, url+"/user/"+usertest.Name, "")); status != http.StatusNotFound {
		t.Errorf("DELETE of who was in bad drafts alone = %d, want %d", status, http.StatusNotFound)
	}
}

// takesGoodNames adds and removes the house's table of names that software is known to break.
func takesGoodNames(t *testing.T, url string) {
	t.Helper()
	for _, n := range usertest.GoodNames() {
		request := newRequest(t, http.MethodPost, url+"/user", string(n.Draft()))
		request.Header.Set("Content-Type", usertest.JSON)
		if status, _, body := exchange(t, request); status != http.StatusCreated {
			t.Errorf("POST of the name %s = %d %s, want %d", n.Name, status, body, http.StatusCreated)
			continue
		}
		status, _, _ := exchange(t, newRequest(t, http.MethodDelete, url+"/user/"+n.WantSegment(), ""))
		if status != http.StatusNoContent {
			t.Errorf("DELETE of the name %s = %d, want %d", n.Name, status, http.StatusNoContent)
		}
	}
}

// decidesOnTakenKeys sends requests whose idempotency keys are there already, with an answer or as a claim of another program.
func decidesOnTakenKeys(t *testing.T, databaseURL, url string) {
	t.Helper()
	db := servicetest.OpenDB(t, databaseURL)
	for _, tc := range []struct {
		user, answer    string // the key is named as the user
		seconds, status int
	}{
		{"answered long ago", "201, '{}', 'old'", -1, http.StatusCreated},
		{"claimed by another", "NULL, NULL, NULL", 60, http.StatusConflict},
		{"claimed long ago", "NULL, NULL, NULL", -1, http.StatusCreated},
	} {
		draft, key := `{"name":"`+tc.user+`","phone":9731423166}`, strings.ReplaceAll(tc.user, " ", "-")
		_, err := db.ExecContext(t.Context(), "INSERT INTO ums_idempotency "+
			"(principal, route, idempotency_key, body_hash, token, expires_at, status, headers, body) VALUES "+
			"('', 'POST /user', ?, UNHEX(SHA2(?, 256)), 'theirs', UTC_TIMESTAMP(6) + INTERVAL ? SECOND, "+tc.answer+")", key, draft, tc.seconds)
		if err != nil {
			t.Fatal(err)
		}
		post := func() (int, http.Header, []byte) {
			request := newRequest(t, http.MethodPost, url+"/user", draft)
			request.Header.Set("Content-Type", usertest.JSON)
			request.Header.Set("Idempotency-Key", key)
			return exchange(t, request)
		}
		status, _, body := post()
		if status != tc.status {
			t.Errorf("POST with a key %s = %d %s, want %d", tc.user, status, body, tc.status)
		}
		again, header, repeated := post()
		if again != status || (status == http.StatusCreated) != (header.Get("Idempotent-Replayed") == "true" && bytes.Equal(body, repeated)) {
			t.Errorf("again = %d %s %v, want what was answered before, %d %s", again, repeated, header, status, body)
		}
	}
}

// keepsTheEvents checks each event that the filling wrote against its schema, and that the relay brings all to the bus.
func keepsTheEvents(t *testing.T, databaseURL string) {
	t.Helper()
	at, err := database.ParseURL(databaseURL, "")
	if err != nil {
		t.Fatal(err)
	}
	db, err := database.Open(at, database.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	rows, err := db.QueryContext(t.Context(), "SELECT seq, id, aggregateid, type, payload, actor, request_id, traceparent, occurred_at FROM ums_outbox")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	seen := map[string]int{}
	for rows.Next() {
		_, e, err := eventdb.Scan(rows)
		if err != nil {
			t.Fatal(err)
		}
		if err := eventtest.Check(e); err != nil {
			t.Errorf("event %s of %s: %v", e.Type, e.User, err)
		}
		if e.RequestID == "" {
			t.Errorf("event %s of %s does not tell the request", e.Type, e.User)
		}
		seen[e.Type]++
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{event.TypeAdded, event.TypeChanged, event.TypeRemoved} {
		if seen[kind] == 0 {
			t.Errorf("there is no event %s", kind)
		}
	}
	t.Logf("events: %v", seen)
	servicetest.Eventually(t, "the relay has published all", func() bool { return waiting(t, db) == 0 })
}

// waiting returns how many events the relay has not published.
func waiting(t *testing.T, db *database.DB) (n int) {
	t.Helper()
	var count sql.NullInt64
	if err := db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM ums_outbox WHERE published_at IS NULL").Scan(&count); err != nil {
		t.Fatal(err)
	}
	return int(count.Int64)
}

func newRequest(t *testing.T, method, url, body string) *http.Request {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return request
}

// exchange sends a request and reads the answer to its end.
func exchange(t *testing.T, request *http.Request) (status int, header http.Header, body []byte) {
	t.Helper()
	client := &http.Client{Timeout: time.Minute}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var text bytes.Buffer
	if _, err := text.ReadFrom(response.Body); err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, response.Header, text.Bytes()
}

// relayBuilt builds the relay and returns the path of the program.
func relayBuilt(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "relay")
	if output, err := run(t, filepath.Join("..", "services", "add"), nil, "go", "build", "-o", program, "./cmd/relay"); err != nil {
		t.Fatalf("build the relay: %v\n%s", err, output)
	}
	return program
}

// javaBuilt builds a copy of the filling with its tests, and returns its folder. The packages come from the user's Maven
// repository where they are there.
func javaBuilt(t *testing.T) string {
	t.Helper()
	need(t, "java", "javac", "mvn")
	if output, err := run(t, ".", nil, "javac", "--release", "17", "-version"); err != nil {
		missing(t, "needs Java 17: %v %s", err, output)
	}
	folder := t.TempDir()
	from := absolute(t, "add-java")
	if err := os.CopyFS(filepath.Join(folder, "src"), os.DirFS(filepath.Join(from, "src"))); err != nil {
		t.Fatal(err)
	}
	pom, err := os.ReadFile(filepath.Join(from, "pom.xml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "pom.xml"), pom, 0o600); err != nil {
		t.Fatal(err)
	}
	maven(t, folder, "package")
	checksums(t, filepath.Join(from, "lib.sha256"), filepath.Join(folder, "target", "lib"))
	return folder
}

// maven runs a phase offline, and, where packages are not at hand, again with the network.
func maven(t *testing.T, folder, phase string) {
	t.Helper()
	unresolved := regexp.MustCompile(`(?i)could not (resolve|find artifact|transfer)|cannot access|could not be resolved|has not been downloaded`)
	output, err := run(t, folder, nil, "mvn", "--batch-mode", "--quiet", "--offline", phase)
	if err != nil && unresolved.MatchString(output) {
		output, err = run(t, folder, nil, "mvn", "--batch-mode", "--quiet", phase)
	}
	switch {
	case err == nil:
	case unresolved.MatchString(output):
		missing(t, "the packages of add-java are not to be had: %v\n%s", err, output)
	default:
		t.Fatalf("mvn %s: %v\n%s", phase, err, output)
	}
}

// checksums compares the packages in a folder with the lock file that names each.
func checksums(t *testing.T, lock, folder string) {
	t.Helper()
	want, err := os.ReadFile(lock)
	if err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for _, file := range files {
		content, err := os.ReadFile(filepath.Join(folder, file.Name()))
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(content)
		got.WriteString(hex.EncodeToString(sum[:]) + "  " + file.Name() + "\n")
	}
	if got.String() != string(want) {
		t.Errorf("the packages are\n%swant those of lib.sha256\n%s", got.String(), want)
	}
}
