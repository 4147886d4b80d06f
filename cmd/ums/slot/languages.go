package slot

import (
	"fmt"
	"strings"
)

// language is what a skeleton can be written in. Commands are for a POSIX shell, in the skeleton's folder.
type language struct {
	Name    string // as in --lang, and the folder of its templates
	Title   string
	Needs   string   // what has to be installed
	Install []string // makes ready what Start needs
	Start   string   // serves at ADDR, in the foreground
	Test    string
	Fill    string // the file in which operations are written
	Health  string // what a container asks itself, as a list in YAML
}

// languages are in the order in which they are offered.
func languages() []language {
	return []language{
		{
			Name: "node", Title: "Node.js", Needs: "Node.js 20 or later",
			Install: []string{"npm ci"}, Start: "node src/main.js", Test: "npm test", Fill: "src/operations.js",
			Health: `["CMD", "node", "src/health.js"]`,
		},
		{
			Name: "java", Title: "Java", Needs: "a JDK 17 or later, and Maven",
			Install: []string{"mvn -q package"}, Start: "java -cp 'target/service.jar:target/lib/*' ums.Main",
			Test: "mvn -q test", Fill: "src/main/java/ums/Operations.java",
			Health: `["CMD", "java", "-XX:TieredStopAtLevel=1", "-cp", "service.jar", "ums.Health"]`,
		},
		{
			Name: "python", Title: "Python", Needs: "Python 3.11 or later",
			Install: []string{"python3 -m venv .venv", ".venv/bin/pip install -r requirements.txt"},
			Start:   ".venv/bin/python -m service", Test: ".venv/bin/python -m unittest", Fill: "service/operations.py",
			Health: `["CMD", "python", "-m", "service.health"]`,
		},
		{
			Name: "go", Title: "Go", Needs: "Go 1.26 or later",
			Install: []string{"go build -o service ."}, Start: "./service", Test: "go test ./...", Fill: "operations.go",
			Health: `["CMD", "/program", "health"]`,
		},
	}
}

// Languages lists what a skeleton can be written in, for a person.
func Languages() string { return oneOf(names(languages(), func(l language) string { return l.Name })) }

func findLanguage(name string) (language, error) {
	for _, l := range languages() {
		if l.Name == name {
			return l, nil
		}
	}
	return language{}, fmt.Errorf("there is no skeleton in %q: choose %s; docs/slots.md tells how to begin in any other language",
		name, Languages())
}

func names[T any](list []T, name func(T) string) []string {
	all := make([]string, len(list))
	for i, each := range list {
		all[i] = name(each)
	}
	return all
}

// oneOf writes "a, b or c".
func oneOf(names []string) string {
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}
