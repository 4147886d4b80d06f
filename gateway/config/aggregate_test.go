package config_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/glarimy/ums/gateway/config"
)

// aggregate is a file whose only route has an aggregate, with some lines below the route and some parts. The route
// begins on line 5, its further lines on line 7, and the parts behind them.
func aggregate(route, parts string) string {
	return "version: 1\nupstreams:\n  find: {url: http://find}\nroutes:\n  - path: /user/{name}/overview\n    methods: [GET]\n" +
		route + "    aggregate:\n" + parts
}

func TestLoad_aggregate(t *testing.T) {
	t.Parallel()
	got, err := config.Load("f.yaml", []byte(aggregate("    timeout: 3s\n", `
      - {name: user, upstream: find, path: "/user/{name}", required: true}
      - {name: log, key: activity, upstream: find, path: "/journal?user={name}", timeout: 1s, limit: 64KiB, required: false}
`)), env())
	if err != nil {
		t.Fatal(err)
	}
	want := []config.Part{
		{Name: "user", Key: "user", Upstream: "find", Path: "/user/{name}", Required: true, Timeout: 3 * time.Second, Limit: 1 << 20},
		{Name: "log", Key: "activity", Upstream: "find", Path: "/journal?user={name}", Timeout: time.Second, Limit: 64 << 10},
	}
	if diff := cmp.Diff(want, got.Routes[0].Aggregate); diff != "" {
		t.Errorf("aggregate (-want +got):\n%s", diff)
	}
	if got.Routes[0].Timeout != 3*time.Second {
		t.Errorf("timeout = %s", got.Routes[0].Timeout)
	}
}

func TestLoad_aggregateFaults(t *testing.T) {
	t.Parallel()
	const right = "      - {name: user, upstream: find, path: \"/user/{name}\"}\n"
	of := func(parts string) string { return aggregate("    timeout: 3s\n", parts) } // parts from line 9
	for name, tt := range map[string]struct {
		file string
		want []string
	}{
		"one key of two": {of(right + "      - {name: b, key: user, upstream: find, path: /b}\n"),
			[]string{`10: the key "user" belongs to another part already, on line 9`}},
		"one name of two": {of(right + "      - {name: user, key: b, upstream: find, path: /b}\n"),
			[]string{`10: the name "user" belongs to another part already, on line 9`}},
		"the taken key": {of("      - {name: parts, upstream: find, path: /b}\n"),
			[]string{`9: the key "parts" is taken: it tells what became of each part`}},
		"nothing": {of("      - {}\n"),
			[]string{`9: a part has no "name"`, `9: a part has no "upstream"`, `9: a part has no "path"`}},
		"misspelt": {of("      - {naem: user, upstream: fnd, path: \"/user/{naem}\"}\n"), []string{
			`9: unknown key "naem" in a part; did you mean "name"?`, `9: a part has no "name"`,
			`9: no upstream is called "fnd"; did you mean "find"?`,
			`9: the route's path /user/{name}/overview has no parameter {naem}; did you mean "name"?`,
		}},
		"values": {of("      - {name: a b, key: 1, upstream: find, path: x, required: yes, timeout: none, limit: 1KB}\n" +
			"      - {name: b, upstream: find, path: /b, timeout: 4s, limit: 17MiB}\n" +
			"      - {name: c, upstream: find, path: /b, timeout: 4, limit: 0}\n"), []string{
			"9: a part's name is letters, digits, - and _, a letter first",
			"9: a part's key is letters, digits, - and _, a letter first",
			`9: a part's path "x": a path begins with "/"`,
			`9: required should be true or false, and is "yes"`,
			"9: a part has a timeout, as an aggregate is answered whole",
			`9: the part's limit "1KB" is no size: write it like 512, 64KiB or 1MiB`,
			"10: the part's timeout 4s is longer than that of its route, 3s",
			"10: the part's limit 17MiB is outside 1 to 16MiB, as parts are held in memory",
			`11: the timeout "4" is no duration: write it like 500ms or 5s, or none for streams`,
			"11: the part's limit 0 is outside 1 to 16MiB, as parts are held in memory",
		}},
		"no parts":         {of("      []\n"), []string{"9: aggregate is empty"}},
		"too many":         {of(many(17)), []string{"9: an aggregate has at most 16 parts, and this one 17"}},
		"no timeout":       {aggregate("", right), []string{`5: a route with an aggregate has no "timeout"`}},
		"unending":         {aggregate("    timeout: none\n", right), []string{"7: an aggregate has a timeout, as it is answered whole"}},
		"body":             {aggregate("    timeout: 3s\n    body: 1KiB\n", right), []string{`8: "body" goes with "upstream": an aggregate takes no body`}},
		"also an upstream": {aggregate("    upstream: find\n", right), []string{`9: a route has either "upstream" or "aggregate", not both`}},
		"also an answer":   {aggregate("    respond: docs\n", right), []string{`7: a route has either "aggregate" or "respond", not both`}},
		"other methods": {strings.Replace(of(right), "[GET]", "[GET, POST]", 1),
			[]string{"6: an aggregate is there for GET alone"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := config.Load("f.yaml", []byte(tt.file), env())
			faults, ok := errors.AsType[config.Errors](err)
			if !ok {
				t.Fatalf("Load = %v, want faults", err)
			}
			if diff := cmp.Diff("f.yaml:"+strings.Join(tt.want, "\nf.yaml:"), faults.Error()); diff != "" {
				t.Errorf("faults (-want +got):\n%s", diff)
			}
		})
	}
}

func many(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("      - {name: p" + string(rune('a'+i)) + ", upstream: find, path: /b}\n")
	}
	return b.String()
}
