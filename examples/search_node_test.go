package examples_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/glarimy/ums/conformance/contract"
)

// TestSearchNode holds the filling of search in Node against the contract.
func TestSearchNode(t *testing.T) {
	t.Parallel()
	folder := nodeFolder(t)
	t.Run("its own tests", func(t *testing.T) {
		t.Parallel()
		if output, err := run(t, folder, nil, "npm", "test"); err != nil {
			t.Errorf("npm test: %v\n%s", err, output)
		}
	})
	filling{
		slot: contract.Search, variable: "SEARCH_URL", folder: folder, command: []string{"node", "src/main.js"},
	}.keepsTheContract(t)
}

// nodeFolder returns a copy of the filling, with the packages that its lock file names beside it.
func nodeFolder(t *testing.T) string {
	t.Helper()
	need(t, "node", "npm")
	if output, err := run(t, ".", nil, "node", "-e", "process.exit(parseInt(process.versions.node) >= 20 ? 0 : 1)"); err != nil {
		missing(t, "needs Node 20: %v %s", err, output)
	}
	from := absolute(t, "search-node")
	manifest, lock := filepath.Join(from, "package.json"), filepath.Join(from, "package-lock.json")
	packages := installed(t, "search-node", []string{manifest, lock}, "", func(folder string) {
		for _, file := range []string{manifest, lock} {
			copyFile(t, file, filepath.Join(folder, filepath.Base(file)))
		}
		download(t, folder, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	})
	folder := t.TempDir()
	for _, part := range []string{"src", "test"} {
		if err := os.CopyFS(filepath.Join(folder, part), os.DirFS(filepath.Join(from, part))); err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range []string{"package.json", "openapi.yaml"} {
		copyFile(t, filepath.Join(from, file), filepath.Join(folder, file))
	}
	if err := os.Symlink(filepath.Join(packages, "node_modules"), filepath.Join(folder, "node_modules")); err != nil {
		t.Fatal(err)
	}
	return folder
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	content, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, content, 0o600); err != nil {
		t.Fatal(err)
	}
}
