package main_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const root = "../.." // of the repository

// TestMains keeps every main a few lines over something that tests can call.
func TestMains(t *testing.T) {
	t.Parallel()
	found := 0
	sources(t, func(path string, source []byte) {
		if filepath.Base(path) != "main.go" || !bytes.Contains(source, []byte("\npackage main\n")) &&
			!bytes.HasPrefix(source, []byte("package main\n")) {
			return
		}
		found++
		if n := bytes.Count(source, []byte("\n")); n >= 40 {
			t.Errorf("%s has %d lines; keep it under 40", path, n)
		}
	})
	if found < 7 {
		t.Errorf("found %d programs, want at least the gateway, four services, migrate and ums", found)
	}
}

// TestModules keeps go.work, the folders and the modules' names together, so that no test is left out of `make test`.
func TestModules(t *testing.T) {
	t.Parallel()
	work, err := os.ReadFile(filepath.Join(root, "go.work"))
	if err != nil {
		t.Fatal(err)
	}
	walk(t, func(path string) {
		if filepath.Base(path) != "go.mod" {
			return
		}
		folder, err := filepath.Rel(root, filepath.Dir(path))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(work, []byte("\t./"+folder+"\n")) {
			t.Errorf("go.work does not use ./%s", folder)
		}
		mod, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if want := "module github.com/glarimy/ums/" + folder + "\n"; !bytes.HasPrefix(mod, []byte(want)) {
			t.Errorf("%s does not begin with %q", path, want)
		}
	})
}

// TestConfigurationTable keeps docs/configuration.md and the sources together, both ways.
func TestConfigurationTable(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join(root, "docs/configuration.md"))
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string]bool{}
	for line := range strings.SplitSeq(string(page), "\n") {
		cells := strings.Split(line, "|")
		if len(cells) < 2 {
			continue
		}
		for _, name := range regexp.MustCompile("`([A-Z_]+)`").FindAllStringSubmatch(cells[1], -1) {
			documented[name[1]] = false
		}
	}
	variable := regexp.MustCompile("(?:`env:|getenv\\()\"([A-Z_]+)\"")
	sources(t, func(path string, source []byte) {
		switch folder, _, _ := strings.Cut(strings.TrimPrefix(filepath.ToSlash(path), root+"/"), "/"); folder {
		case "bench", "conformance", "deploy": // no parts of an installation; their commands tell what they read
			return
		}
		for _, match := range variable.FindAllSubmatch(source, -1) {
			name := string(match[1])
			if _, ok := documented[name]; !ok {
				t.Errorf("%s reads %s, which docs/configuration.md does not list", path, name)
			}
			documented[name] = true
		}
	})
	file, err := os.ReadFile(filepath.Join(root, "gateway/gateway.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, match := range regexp.MustCompile(`\$\{([A-Z_]+)`).FindAllSubmatch(file, -1) {
		name := string(match[1])
		if _, ok := documented[name]; !ok && name != "NAME" {
			t.Errorf("gateway.yaml names %s, which docs/configuration.md does not list", name)
		}
		documented[name] = true
	}
	for name, read := range documented {
		if !read {
			t.Errorf("docs/configuration.md lists %s, which nothing reads", name)
		}
	}
}

// TestReadme keeps the commands that README names together with those that there are.
func TestReadme(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	for _, target := range regexp.MustCompile(`(?m)(?:^|\x60)make ([a-z-]+)`).FindAllSubmatch(readme, -1) {
		if string(target[1]) != "help" && !bytes.Contains(makefile, append([]byte("\n"), append(target[1], ':')...)) {
			t.Errorf("README names make %s, which the Makefile does not have", target[1])
		}
	}
	for _, link := range regexp.MustCompile(`\]\(([^)#:]+)\)`).FindAllSubmatch(readme, -1) {
		if _, err := os.Stat(filepath.Join(root, string(link[1]))); err != nil {
			t.Errorf("README links to %s: %v", link[1], err)
		}
	}
}

// sources calls visit with every Go file that is not a test.
func sources(t *testing.T, visit func(path string, source []byte)) {
	t.Helper()
	walk(t, func(path string) {
		if filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return
		}
		source, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		visit(path, source)
	})
}

func walk(t *testing.T, visit func(path string)) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != root && strings.HasPrefix(entry.Name(), "."), entry.Name() == "node_modules":
			return fs.SkipDir
		case !entry.IsDir():
			visit(path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
