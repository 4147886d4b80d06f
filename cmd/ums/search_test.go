package main_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	ums "github.com/glarimy/ums/cmd/ums"
)

// TestUpKeepsItsCursors asks for the second page of a list after a restart.
func TestUpKeepsItsCursors(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	first := start(t, data, nil)
	for _, name := range []string{"KrishnaMohan", "Krishna Rao"} {
		draft := `{"name":"` + name + `","phone":9731423166}`
		if status, body := call(t, http.MethodPost, first.url+"/user", draft); status != http.StatusCreated {
			t.Fatalf("POST = %d %s", status, body)
		}
	}
	_, body := call(t, http.MethodGet, first.url+"/user?limit=1", "")
	var page struct{ Next string }
	if err := json.Unmarshal([]byte(body), &page); err != nil || page.Next == "" {
		t.Fatalf("the first page is %s", body)
	}
	if err := first.stop(); err != nil {
		t.Fatalf("stop: %v", err)
	}
	if info, err := os.Stat(filepath.Join(data, "cursor.key")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key's file is %v, %v, want it for its owner alone", info, err)
	}

	second := start(t, data, nil)
	status, body := call(t, http.MethodGet, second.url+"/user?cursor="+page.Next, "")
	if status != http.StatusOK || !strings.Contains(body, `"KrishnaMohan"`) || strings.Contains(body, `"Krishna Rao"`) {
		t.Errorf("the second page is %d %s", status, body)
	}
	other := start(t, t.TempDir(), nil)
	if status, body := call(t, http.MethodGet, other.url+"/user?cursor="+page.Next, ""); status != http.StatusBadRequest {
		t.Errorf("with a data folder of its own it is %d %s", status, body)
	}
	if left, err := filepath.Glob(filepath.Join(data, "cursor.key.*")); len(left) > 0 || err != nil {
		t.Errorf("there are left %q, %v", left, err)
	}
}

func TestUpRefusesABrokenCursorKey(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	path := filepath.Join(data, "cursor.key")
	if err := os.WriteFile(path, []byte("secret!"), 0o600); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	args := []string{"up", "-addr", "127.0.0.1:0", "-admin-addr", "off", "-data", data}
	err := ums.Run(t.Context(), args, func(string) string { return "" }, &stdout, &stderr)
	if err == nil || !strings.Contains(err.Error(), path+" is not one") || strings.Contains(err.Error(), "secret!") {
		t.Errorf("error = %v, want one that names the file and does not tell its content", err)
	}
}
