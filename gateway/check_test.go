package gateway_test

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/glarimy/ums/gateway"
)

func TestCommand_checkJSON(t *testing.T) {
	t.Parallel()
	bad := filepath.Join(t.TempDir(), "bad.yaml")
	if err := os.WriteFile(bad, []byte("version: 1\nroute: []\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{
		"gateway.yaml": `{"file":"gateway.yaml","ok":true,"faults":[]}`,
		bad: `{"file":"` + bad + `","ok":false,"faults":[{"line":1,"message":"the file has no \"upstreams\""},` +
			`{"line":1,"message":"the file has no \"routes\""},{"line":2,"message":"unknown key \"route\" in the file; did you mean \"routes\"?"}]}`,
	} {
		var out strings.Builder
		err := gateway.Main(t.Context(), []string{"check", "--json", file}, environment(nil), &out)
		if got := strings.TrimSpace(out.String()); got != want || (err == nil) != strings.Contains(want, `"ok":true`) {
			t.Errorf("%s: %v, %s\nwant %s", file, err, got, want)
		}
	}
}

// TestCommand_checkStdin runs itself once more as a process, the only one of a test that has a stdin of its own.
func TestCommand_checkStdin(t *testing.T) {
	t.Parallel()
	if flag.Arg(0) == "child" {
		if err := gateway.Main(t.Context(), []string{"check", "-"}, environment(nil), os.Stdout); err != nil {
			t.Error(err)
		}
		return
	}
	command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestCommand_checkStdin$", "child")
	command.Stdin = strings.NewReader("version: 1\nupstreams: {}\nroutes: []\n")
	out, err := command.CombinedOutput()
	for _, want := range []string{"-:2: there are no upstreams\n", "-:3: routes is empty\n", "- has 2 faults"} {
		if err == nil || !strings.Contains(string(out), want) {
			t.Errorf("%v: %s, want %s and a failure", err, out, want)
		}
	}
}

func TestCommand_schema(t *testing.T) {
	t.Parallel()
	want, err := os.ReadFile("config/schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := gateway.Main(t.Context(), []string{"schema"}, environment(nil), &out); err != nil || out.String() != string(want) {
		t.Errorf("%v, %s", err, out.String())
	}
}
