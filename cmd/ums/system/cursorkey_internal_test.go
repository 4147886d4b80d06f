package system

import (
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
)

// TestCursorKeyIsMadeOnce starts many at once in a new folder: all must sign with the same key.
func TestCursorKeyIsMadeOnce(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "data")
	keys, errs := make([]string, 20), make([]error, 20)
	var all sync.WaitGroup
	for i := range keys {
		all.Go(func() { keys[i], errs[i] = cursorKey(folder) })
	}
	all.Wait()
	for i := range keys {
		if errs[i] != nil || keys[i] != keys[0] || keys[i] == "" {
			t.Errorf("start %d has another key than the first, %v", i, errs[i])
		}
	}
	wantKeyAlone(t, folder)
}

// TestCursorKeyWithoutLinks makes the key on a file system that has no links.
func TestCursorKeyWithoutLinks(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "cursor.key")
	refuse := func(from, to string) error { return &os.LinkError{Op: "link", Old: from, New: to, Err: syscall.EPERM} }
	if err := makeCursorKey(folder, path, refuse); err != nil {
		t.Fatal(err)
	}
	if _, err := cursorKey(folder); err != nil {
		t.Error(err)
	}
	wantKeyAlone(t, folder)
}

// wantKeyAlone fails t if anything but the key is left in the folder, or if others may read it.
func wantKeyAlone(t *testing.T, folder string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil || len(entries) != 1 || entries[0].Name() != "cursor.key" {
		t.Fatalf("in the folder are %v, %v", entries, err)
	}
	if info, err := entries[0].Info(); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key is %v, %v, want it for its owner alone", info.Mode(), err)
	}
}
