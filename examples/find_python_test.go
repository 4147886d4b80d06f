package examples_test

import (
	"path/filepath"
	"testing"

	"github.com/glarimy/ums/conformance/contract"
)

// TestFindPython holds the filling of find in Python against the contract.
func TestFindPython(t *testing.T) {
	t.Parallel()
	python, folder := pythonOf(t), absolute(t, "find-python")
	t.Run("its own tests", func(t *testing.T) {
		t.Parallel()
		if output, err := run(t, folder, []string{"PYTHONDONTWRITEBYTECODE=1"}, python, "-m", "pytest", "-q", "-p", "no:cacheprovider"); err != nil {
			t.Errorf("pytest: %v\n%s", err, output)
		}
	})
	filling{
		slot: contract.Find, variable: "FIND_URL", folder: folder, command: []string{python, "-m", "ums_find"},
		env: map[string]string{"PYTHONDONTWRITEBYTECODE": "1"},
	}.keepsTheContract(t)
}

// pythonOf returns the interpreter of a virtual environment with all that the lock files name.
func pythonOf(t *testing.T) string {
	t.Helper()
	need(t, "python3")
	if output, err := run(t, ".", nil, "python3", "-c", "import sys, venv, ensurepip; assert sys.version_info >= (3, 11), sys.version"); err != nil {
		missing(t, "needs Python 3.11 with venv: %s", output)
	}
	locks := []string{absolute(t, "find-python", "requirements.lock"), absolute(t, "find-python", "requirements-dev.lock")}
	// A virtual environment is of one interpreter, and is broken when that is gone or another.
	interpreter, err := run(t, ".", nil, "python3", "-c",
		"import os, sys; print(sys.version, os.path.realpath(sys.executable), os.path.realpath(sys.base_prefix))")
	if err != nil {
		t.Fatalf("ask python3 for its version: %v %s", err, interpreter)
	}
	environment := installed(t, "find-python", locks, interpreter, func(folder string) {
		download(t, folder, "python3", "-m", "venv", folder)
		download(t, folder, filepath.Join(folder, "bin", "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
			"--require-hashes", "--requirement", locks[0], "--requirement", locks[1])
	})
	return filepath.Join(environment, "bin", "python")
}
