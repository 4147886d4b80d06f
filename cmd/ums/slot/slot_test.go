package slot_test

import (
	"go/format"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/glarimy/ums/cmd/ums/slot"
)

var (
	languages = []string{"node", "java", "python", "go"}
	slots     = []string{"find", "add", "search", "journal"}
)

// write writes a skeleton into a new folder.
func write(t *testing.T, lang, name string) (folder string) {
	t.Helper()
	skeleton, err := slot.Render(lang, name)
	if err != nil {
		t.Fatal(err)
	}
	folder = filepath.Join(t.TempDir(), "deep", skeleton.Folder())
	if _, err := skeleton.Write(folder); err != nil {
		t.Fatal(err)
	}
	return folder
}

// TestSkeletonsAreWhole renders all of them, and looks for what was not filled in and for Go that is not formatted.
func TestSkeletonsAreWhole(t *testing.T) {
	t.Parallel()
	for _, lang := range languages {
		for _, name := range slots {
			folder := write(t, lang, name)
			seen := map[string]bool{}
			walk(t, folder, func(path string, content []byte) {
				seen[path] = true
				if strings.Contains(string(content), "<%") || strings.Contains(string(content), "%>") || strings.HasSuffix(path, ".tmpl") {
					t.Errorf("%s in %s: %s is not filled in", name, lang, path)
				}
				if filepath.Ext(path) != ".go" {
					return
				}
				if formatted, err := format.Source(content); err != nil || string(formatted) != string(content) {
					t.Errorf("%s in %s: %s is not formatted, %v", name, lang, path, err)
				}
			})
			for _, path := range []string{"README.md", "Dockerfile", ".dockerignore", "compose.yaml"} {
				if !seen[path] {
					t.Errorf("%s in %s has no %s", name, lang, path)
				}
			}
		}
	}
}

// TestWhatThereIsToChooseFrom wants every refusal to tell it.
func TestWhatThereIsToChooseFrom(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ lang, name, want string }{
		{"ruby", "find", "choose node, java, python or go"},
		{"Go", "find", "choose node, java, python or go"},
		{"go", "overview", "choose find, add, search or journal"},
		{"go", "all", "choose find, add, search or journal"},
	} {
		if _, err := slot.Render(tc.lang, tc.name); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s in %s: %v, want %q", tc.name, tc.lang, err, tc.want)
		}
	}
}

// TestNothingIsOverwritten tries folders that exist.
func TestNothingIsOverwritten(t *testing.T) {
	t.Parallel()
	skeleton, err := slot.Render("go", "find")
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	if n, err := skeleton.Write(folder); err != nil || n < 10 {
		t.Fatalf("into an empty folder: %d files, %v", n, err)
	}
	before := list(t, folder)
	if _, err := skeleton.Write(folder); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("into a folder with files: %v", err)
	}
	if after := list(t, folder); after != before {
		t.Errorf("a refusal left %s, want %s", after, before)
	}
	file := filepath.Join(folder, "go.mod")
	if _, err := skeleton.Write(file); err == nil {
		t.Error("a file was taken for a folder")
	}
	if _, err := skeleton.Write(filepath.Join(file, "find")); err == nil {
		t.Error("a folder was made below a file")
	}
}

// TestNothingIsHalfWritten writes where it is not allowed to.
func TestNothingIsHalfWritten(t *testing.T) {
	t.Parallel()
	if os.Geteuid() == 0 {
		t.Skip("root may write everywhere")
	}
	skeleton, err := slot.Render("go", "find")
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	if err := os.Chmod(folder, 0o500); err != nil {
		t.Fatal(err)
	}
	if _, err := skeleton.Write(filepath.Join(folder, "find")); err == nil || !strings.Contains(err.Error(), "--dir") {
		t.Errorf("into a folder that cannot be written: %v", err)
	}
	if left := list(t, folder); left != "" {
		t.Errorf("%s is left", left)
	}
}

// TestStepsNameTheirCommands wants what is printed to be what README.md of the skeleton says, too.
func TestStepsNameTheirCommands(t *testing.T) {
	t.Parallel()
	for _, lang := range languages {
		for _, name := range slots {
			skeleton, err := slot.Render(lang, name)
			if err != nil {
				t.Fatal(err)
			}
			steps, err := skeleton.Steps("elsewhere")
			if err != nil {
				t.Fatal(err)
			}
			readme, err := os.ReadFile(filepath.Join(write(t, lang, name), "README.md"))
			if err != nil {
				t.Fatal(err)
			}
			commands := 0
			for line := range strings.SplitSeq(steps, "\n") {
				command := strings.TrimSpace(line)
				if !strings.HasPrefix(line, "     ") || strings.HasPrefix(command, "cd ") || strings.HasPrefix(command, "DATABASE_URL=") {
					continue
				}
				commands++
				if !strings.Contains(string(readme), command) {
					t.Errorf("README.md of %s in %s does not have %q", name, lang, command)
				}
			}
			if commands < 4 || !strings.Contains(steps, "cd elsewhere") {
				t.Errorf("the steps of %s in %s are\n%s", name, lang, steps)
			}
		}
	}
}

// TestStepsAreForAShell wants a folder of any name to be one word.
func TestStepsAreForAShell(t *testing.T) {
	t.Parallel()
	skeleton, err := slot.Render("go", "find")
	if err != nil {
		t.Fatal(err)
	}
	for folder, want := range map[string]string{
		"../find-go": "cd ../find-go\n", "/home/müller/find": "cd /home/müller/find\n",
		"my services/find": "cd 'my services/find'\n", "it's $HOME": `cd 'it'\''s $HOME'` + "\n",
	} {
		steps, err := skeleton.Steps(folder)
		if err != nil || !strings.Contains(steps, want) {
			t.Errorf("the steps for %s do not have %q, %v:\n%s", folder, want, err, steps)
		}
	}
}

// list names the files of a folder.
func list(t *testing.T, folder string) string {
	t.Helper()
	var paths []string
	walk(t, folder, func(path string, _ []byte) { paths = append(paths, path) })
	return strings.Join(paths, " ")
}

// walk visits the files of a folder with their content.
func walk(t *testing.T, folder string, visit func(path string, content []byte)) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(folder, path)
		visit(filepath.ToSlash(name), content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
