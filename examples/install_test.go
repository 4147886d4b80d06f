package examples_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// installTime bounds the download of a filling's packages.
const installTime = 5 * time.Minute

// missing skips t, or fails it where REQUIRE_FILLINGS=1 says that nothing may be missing.
func missing(t *testing.T, format string, args ...any) {
	t.Helper()
	if os.Getenv("REQUIRE_FILLINGS") == "1" {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}

// need skips t where one of the programs is not to be had.
func need(t *testing.T, programs ...string) {
	t.Helper()
	if testing.Short() {
		t.Skip("fillings in other languages take long")
	}
	for _, program := range programs {
		if _, err := exec.LookPath(program); err != nil {
			missing(t, "needs %s: %v", program, err)
		}
	}
}

// installed returns a folder in the user's cache that holds what install puts there, which is done once for a name, the
// content of its lock files and what else it was made with.
func installed(t *testing.T, name string, locks []string, with string, install func(folder string)) string {
	t.Helper()
	sum := sha256.New()
	_, _ = io.WriteString(sum, with)
	for _, lock := range locks {
		content, err := os.ReadFile(lock)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = sum.Write(content)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = t.TempDir()
	}
	cache = filepath.Join(cache, "ums-examples")
	if err := os.MkdirAll(cache, 0o750); err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(cache, name+"-"+hex.EncodeToString(sum.Sum(nil)[:8]))
	if _, err := os.Stat(folder); err == nil {
		return folder
	}
	// Whoever is first gives it its name: several tests, and several processes, may be here at once.
	fresh, err := os.MkdirTemp(cache, "new-") //nolint:usetesting // on the file system of the cache, to be renamed
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(fresh) }()
	install(fresh)
	if err := os.Rename(fresh, folder); err != nil && !errors.Is(err, fs.ErrExist) {
		t.Fatal(err)
	}
	return folder
}

// download runs a command that gets packages, and skips t where they are not to be had.
func download(t *testing.T, folder, program string, args ...string) {
	t.Helper()
	if output, err := run(t, folder, nil, program, args...); err != nil {
		missing(t, "%s %v: %v: %s", program, args, err, output)
	}
}

// run runs a command to its end and returns all that it printed.
func run(t *testing.T, folder string, env []string, program string, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), installTime)
	defer cancel()
	command := exec.CommandContext(ctx, program, args...)
	command.Dir = folder
	command.Env = append(os.Environ(), env...)
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	err := command.Run()
	return output.String(), err
}

// absolute returns the path of something beside this file.
func absolute(t *testing.T, path ...string) string {
	t.Helper()
	full, err := filepath.Abs(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return full
}
