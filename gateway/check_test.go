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

// TestCommand_checkFiles checks that the files of keys are looked at which a configuration names.
func TestCommand_checkFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := write("good.yaml", "")
	newKey(t, good, "ci", "read")
	hash := "sha256:" + strings.Repeat("0", 64)
	bad := write("bad.yaml", "- {id: a, hash: "+hash+", actor: a, scopes: [raed]}\n- {id: a, hash: x, actor: a, scopes: [read]}\n")
	broken, none := write("broken.json", "{\"keys\": [\n  {]}\n"), write("none.json", `{"keys": [{"kty": "oct", "k": "AAAA"}]}`)
	missing := filepath.Join(dir, "missing")
	file := func(keys, jwks string) string {
		t.Helper()
		return write("gateway.yaml", "version: 1\naccess: {mode: open, keys: "+keys+", jwt: {issuer: i, audience: [a], jwks: "+jwks+"}}\n"+
			"upstreams: {find: {url: http://a}}\nroutes: [{path: /a, methods: [GET], upstream: find, timeout: 1s, scopes: [read]}]\n")
	}
	for _, c := range []struct {
		keys, jwks string
		want       []string // how the lines begin
	}{
		{good, "https://issuer.example/keys", []string{filepath.Join(dir, "gateway.yaml") + ": OK"}},
		{bad, "https://issuer.example/keys", []string{
			bad + `:1: the key "a" has the scope "raed", which no route needs; did you mean "read"?`, bad + `:2: the key "a": `, bad + `:2: the key "a" is there already, on line 1`}},
		{good, broken, []string{broken + ":2: the key set is not JSON: "}},
		{good, none, []string{none + ": none of the 1 keys in the key set can verify a token"}},
		{missing, missing, []string{missing + ": read the API keys: ", missing + ": read the key set: "}},
	} {
		var out strings.Builder
		err := gateway.Main(t.Context(), []string{"check", file(c.keys, c.jwks)}, environment(nil), &out)
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		if ok := strings.HasSuffix(lines[0], ": OK"); len(lines) != len(c.want) || (err == nil) != ok {
			t.Errorf("%v: %v\n%s", c, err, out.String())
			continue
		}
		for i, begin := range c.want {
			if !strings.HasPrefix(lines[i], begin) {
				t.Errorf("%v: %q, want %q", c, lines[i], begin)
			}
		}
	}
	var out strings.Builder
	path := file(missing, broken)
	err := gateway.Main(t.Context(), []string{"check", "--json", path}, environment(nil), &out)
	if err == nil || !strings.Contains(out.String(), `{"file":"`+broken+`","line":2,`) {
		t.Errorf("%v, %s", err, out.String())
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
