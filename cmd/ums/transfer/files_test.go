package transfer_test

import (
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/glarimy/ums/cmd/ums/transfer"
)

// site is a system that takes users, and a folder with an input.
type site struct {
	folder  string
	url     string
	calls   atomic.Int64
	closed  atomic.Int64  // the call that is answered 401 once a row was counted; 0 for none
	counted chan struct{} // has one for each row
}

// Set implements [transfer.Progress].
func (s *site) Set(int64) { s.counted <- struct{}{} }

func newSite(t *testing.T, input string) *site {
	t.Helper()
	s := &site{folder: t.TempDir(), counted: make(chan struct{}, 100)}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if s.calls.Add(1) == s.closed.Load() {
			<-s.counted
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.WriteHeader(http.StatusCreated)
	}))
	t.Cleanup(server.Close)
	s.url = server.URL
	s.write(t, "users.csv", "name,phone\n"+input)
	return s
}

func (s *site) path(name string) string { return filepath.Join(s.folder, name) }

func (s *site) write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(s.path(name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// wantFile fails the test unless a file has this content.
func (s *site) wantFile(t *testing.T, name, want string) {
	t.Helper()
	if got, err := os.ReadFile(s.path(name)); err != nil || string(got) != want {
		t.Errorf("%s is %q, %v; want %q", name, got, err, want)
	}
}

// wantNone fails the test if there is a file.
func (s *site) wantNone(t *testing.T, name string) {
	t.Helper()
	if content, err := os.ReadFile(s.path(name)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s is %q, %v; want none", name, content, err)
	}
}

// run imports users.csv one row after the other, with these names for its files.
func (s *site) run(t *testing.T, state, rejects string, begun func()) (transfer.Counts, error) {
	t.Helper()
	client, err := transfer.NewClient(s.url, "", 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	result, err := transfer.Import(t.Context(), transfer.ImportOptions{
		Client: client, Input: s.path("users.csv"), Format: transfer.CSV, IfExists: transfer.Skip,
		State: s.path(state), Rejects: s.path(rejects), Concurrency: 1, Patience: time.Second,
		Begin: func(int64, int64) transfer.Progress {
			if begun != nil {
				begun()
			}
			return s
		},
	})
	return result.Counts, err
}

// wantError fails the test unless an error says something.
func wantError(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error = %v, want %q", err, want)
	}
}

const threeRows = "KrishnaMohan,9731423166\nbad\nKrishna Rao,9731423167\n"

// TestRowsAreCountedOnce stops an import where it can write down no reject: the row is counted when it is written.
func TestRowsAreCountedOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t, threeRows)
	if err := os.Mkdir(s.path("gone"), 0o700); err != nil {
		t.Fatal(err)
	}
	got, err := s.run(t, "state", "gone/rejects.csv", func() { _ = os.Remove(s.path("gone")) })
	wantError(t, err, "open the rejects file")
	if want := (transfer.Counts{Read: 1, Added: 1}); got != want {
		t.Errorf("stopped: %+v, want %+v", got, want)
	}
	got, err = s.run(t, "state", "rejects.csv", nil)
	if want := (transfer.Counts{Read: 3, Added: 2, Rejected: 1}); err != nil || got != want {
		t.Errorf("in all: %+v, %v; want %+v", got, err, want)
	}
	s.wantNone(t, "state")
}

// TestRejectsAreTriedAtTheStart says before the first row what would stop the import at the first reject.
func TestRejectsAreTriedAtTheStart(t *testing.T) {
	t.Parallel()
	s := newSite(t, threeRows)
	_, err := s.run(t, "state", "missing/rejects.csv", nil)
	wantError(t, err, "choose another place with -rejects")
	if calls := s.calls.Load(); calls != 0 {
		t.Errorf("%d users were sent, want none", calls)
	}
	s.wantNone(t, "state")

	s = newSite(t, "KrishnaMohan,9731423166\n")
	if _, err := s.run(t, "state", "rejects.csv", func() { s.wantNone(t, "rejects.csv") }); err != nil {
		t.Error(err)
	}
	s.wantNone(t, "rejects.csv")
}

// TestRejectsOfOthers leaves alone what an import has not made.
func TestRejectsOfOthers(t *testing.T) {
	t.Parallel()
	s := newSite(t, "KrishnaMohan,9731423166\nKrishna Rao,9731423167\nbad\n")
	s.write(t, "notes.txt", "precious\n")
	_, err := s.run(t, "state", "notes.txt", nil)
	wantError(t, err, "already: move it away")
	s.closed.Store(2)
	_, err = s.run(t, "state", "rejects.csv", nil)
	wantError(t, err, "does not let in")

	for range 2 { // the import has no rejects yet
		_, err = s.run(t, "state", "notes.txt", nil)
		wantError(t, err, "already: move it away")
		s.wantFile(t, "notes.txt", "precious\n")
	}
	s.write(t, "rejects.csv", "somebody's\n") // where the import would have made its own
	_, err = s.run(t, "state", "rejects.csv", nil)
	wantError(t, err, "already: move it away")
	s.wantFile(t, "rejects.csv", "somebody's\n")

	// What a killed import left there behind its last checkpoint is its own.
	s.write(t, "rejects.csv", "row,line,code,detail,name,phone,raw\n1,2,malformed-row,,,,x\n")
	if got, err := s.run(t, "state", "rejects.csv", nil); err != nil || got.Rejected != 1 || got.Read != 3 {
		t.Errorf("at last: %+v, %v", got, err)
	}
	if content, err := os.ReadFile(s.path("rejects.csv")); err != nil || strings.Count(string(content), "\n") != 2 {
		t.Errorf("the rejects are %q, %v", content, err)
	}
}

// TestRejectsStayInOneFile goes on with the file that the rejects so far are in, and touches no other.
func TestRejectsStayInOneFile(t *testing.T) {
	t.Parallel()
	s := newSite(t, "bad\nKrishnaMohan,9731423166\nbad\n")
	s.closed.Store(1)
	_, err := s.run(t, "state", "rejects.csv", nil)
	wantError(t, err, "does not let in")
	notes := strings.Repeat("precious\n", 100)
	s.write(t, "notes.txt", notes)
	_, err = s.run(t, "state", "notes.txt", nil)
	wantError(t, err, "are in "+s.path("rejects.csv"))
	s.wantFile(t, "notes.txt", notes)

	if err := os.Rename(s.path("rejects.csv"), s.path("away")); err != nil {
		t.Fatal(err)
	}
	_, err = s.run(t, "state", "rejects.csv", nil)
	wantError(t, err, "put it back")
	if err := os.Rename(s.path("away"), s.path("rejects.csv")); err != nil {
		t.Fatal(err)
	}
	if got, err := s.run(t, "state", "rejects.csv", nil); err != nil || got.Rejected != 2 || got.Added != 1 {
		t.Errorf("at last: %+v, %v", got, err)
	}
}

// TestStateOfOthers refuses, untouched, a file that no import has written.
func TestStateOfOthers(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{
		"one line without an end": "precious, one line, no end",
		"lines":                   "precious\nlines\n",
		"the last has no end":     "precious\nlines",
		"another's JSON":          `{"version":1}`,
		"another's JSON lines":    "{\"version\":1}\n{\"version\":",
	} {
		s := newSite(t, threeRows)
		s.write(t, "notes.txt", content)
		_, err := s.run(t, "notes.txt", "rejects.csv", nil)
		if err == nil || !strings.Contains(err.Error(), "choose another place with -state") {
			t.Errorf("%s: %v", name, err)
		}
		s.wantFile(t, "notes.txt", content)
	}
}

// TestStateCutShort begins anew where an import ended before its first checkpoint was whole.
func TestStateCutShort(t *testing.T) {
	t.Parallel()
	for _, content := range []string{"", `{"imp`, `{"import":"ABC","input":"`} {
		s := newSite(t, threeRows)
		s.write(t, "state", content)
		if got, err := s.run(t, "state", "rejects.csv", nil); err != nil || got.Read != 3 {
			t.Errorf("%q: %+v, %v", content, got, err)
		}
		s.wantNone(t, "state")
	}
}
