package config_test

import (
	"errors"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/glarimy/ums/gateway/config"
)

// env makes a config.Lookup of name=value pairs.
func env(pairs ...string) config.Lookup {
	return func(name string) (string, error) {
		for _, pair := range pairs {
			if value, found := strings.CutPrefix(pair, name+"="); found {
				return value, nil
			}
		}
		return "", nil
	}
}

func TestLoad(t *testing.T) {
	t.Parallel()
	const file = `
version: 1
upstreams:
  find: {url: "${FIND_URL:-http://find:8080}"}
  add-2:
    url: https://${HOST}:${PORT:-8443}/
routes:
  - path: /user/{name}
    methods: [GET]
    upstream: find
    timeout: 1500ms
  - {path: /user/{name}, methods: [PATCH, DELETE], upstream: add-2, timeout: none, body: 64KiB}
  - path: /docs
    methods: [GET]
    respond: not-implemented
`
	got, err := config.Load("gateway.yaml", []byte(strings.ReplaceAll(file, "/user/{name},", `"/user/{name}",`)),
		env("HOST=add.example", "FIND_URL="))
	if err != nil {
		t.Fatal(err)
	}
	want := config.Config{
		Upstreams: []config.Upstream{
			{Slot: "find", URL: &url.URL{Scheme: "http", Host: "find:8080"}, Resilience: config.DefaultResilience()},
			{Slot: "add-2", URL: &url.URL{Scheme: "https", Host: "add.example:8443"}, Resilience: config.DefaultResilience()},
		},
		Routes: []config.Route{
			{Path: "/user/{name}", Methods: []string{"GET"}, Upstream: "find", Timeout: 1500 * time.Millisecond},
			{Path: "/user/{name}", Methods: []string{"PATCH", "DELETE"}, Upstream: "add-2", BodyLimit: 64 << 10},
			{Path: "/docs", Methods: []string{"GET"}, Respond: config.NotImplemented},
		},
		Access: config.Access{Open: true},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Load (-want +got):\n%s", diff)
	}
}

// TestLoad_faults pins every message: they are what a person who writes a gateway.yaml works with.
func TestLoad_faults(t *testing.T) {
	t.Parallel()
	const upstream = "upstreams:\n  find: {url: http://find}\n" // lines 2 and 3
	const routes = "routes: [{path: /, methods: [GET], respond: not-implemented}]\n"
	inRoutes := func(items string) string { return "version: 1\n" + upstream + "routes:\n" + items } // items from line 5
	inURL := func(value string) string {
		return "version: 1\nupstreams:\n  find:\n    url: " + value + "\n" + routes
	}
	for name, tt := range map[string]struct {
		file string
		want []string // without the file's name
	}{
		"empty":          {"", []string{" this is not YAML: no documents in stream"}},
		"only a comment": {"# nothing\n", []string{" this is not YAML: no documents in stream"}},
		"a list":         {"- a\n", []string{"1: the file should be a mapping (key: value), and is a list"}},
		"a tab":          {"version: 1\n\tx: 1\n", []string{"2: this is not YAML: found a tab character that violates indentation (while scanning a plain scalar from line 1 on)"}},
		"open bracket":   {"version: 1\nroutes: [a,\n", []string{"3: this is not YAML: did not find expected node content (while parsing a flow node from line 3 on)"}},
		"two documents":  {"version: 1\n---\nversion: 1\n", []string{" this is not YAML: expected single document, found multiple"}},
		"bare": {"x: 1\n", []string{
			`1: unknown key "x" in the file; known are version, upstreams, routes, stale, access, rate_limits, rate_limit_redis, cors, trusted_proxies, compression`,
			`1: the file has no "version"; this program reads version 1`,
			`1: the file has no "upstreams"`,
			`1: the file has no "routes"`,
		}},
		"version": {"version: 2\n" + upstream + routes, []string{"1: the version is not 1, the only one that this program reads"}},
		"misspelt keys": {"version: 1\nupstream:\n  find: {url: http://find}\nupstreams:\n  find: {ulr: http://find}\n" + routes, []string{
			`2: unknown key "upstream" in the file; did you mean "upstreams"?`,
			`5: unknown key "ulr" in upstream find; did you mean "url"?`,
			`5: upstream find has no "url"`,
		}},
		"a key twice": {"version: 1\n" + upstream + routes + "version: 1\n", []string{
			`5: "version" is twice in the file, first on line 1`,
		}},
		"a key that is a list": {"version: 1\n[a]: 1\n" + upstream + routes, []string{
			"2: a key in the file is a list, and should be a word",
		}},
		"empty upstreams": {"version: 1\nupstreams: {}\n" + routes, []string{"2: there are no upstreams"}},
		"empty routes":    {"version: 1\n" + upstream + "routes: []\n", []string{"4: routes is empty"}},
		"null routes":     {"version: 1\n" + upstream + "routes:\n", []string{"4: routes should be a list, and is empty"}},
		"upstream's name": {"version: 1\nupstreams:\n  Find: {url: http://find}\n" + routes, []string{
			`3: "Find" is no name for a slot: use lower-case letters, digits and -, a letter first`,
		}},
		"upstream not a mapping": {"version: 1\nupstreams:\n  find: http://find\n" + routes, []string{
			"3: upstream find should be a mapping (key: value), and is a single value",
		}},
		"url scheme":       {inURL("ftp://find"), []string{"4: the url of upstream find should begin with http:// or https://"}},
		"url no scheme":    {inURL("find:8080"), []string{"4: the url of upstream find should begin with http:// or https://"}},
		"url no host":      {inURL("http://:8080"), []string{"4: the url of upstream find has no host"}},
		"url path":         {inURL("http://find/base"), []string{"4: the url of upstream find goes on after the host, but a path is sent as the client sent it"}},
		"url query":        {inURL("http://find?x=y"), []string{"4: the url of upstream find goes on after the host, but a path is sent as the client sent it"}},
		"url user":         {inURL("http://u:secret@find"), []string{"4: the url of upstream find holds a user or password, which would not be sent"}},
		"url port":         {inURL("http://find:70000"), []string{"4: the url of upstream find has a port outside 1 to 65535"}},
		"url port word":    {inURL("http://u:secret@find:port"), []string{"4: the url of upstream find is not a URL"}},
		"url a list":       {inURL("[a]"), []string{"4: the url of upstream find should be a single value, and is a list"}},
		"url null":         {inURL(""), []string{"4: the url of upstream find should be a single value, and is empty"}},
		"unset variable":   {inURL("${NOWHERE}"), []string{"4: the url of upstream find: the environment variable NOWHERE is not set, and ${NOWHERE} gives no default"}},
		"open brace":       {inURL("${FIND"), []string{"4: the url of upstream find: ${FIND has no closing brace"}},
		"no variable":      {inURL("${1X:-http://find}"), []string{"4: the url of upstream find: ${1X:-http://find} does not name an environment variable"}},
		"a bare dollar":    {inURL("http://$FIND"), []string{"4: the url of upstream find: a dollar sign begins ${NAME} or ${NAME:-default}; write $$ for the sign itself"}},
		"a doubled dollar": {inURL("$$http://find"), []string{"4: the url of upstream find is not a URL"}},
		"route not a mapping": {inRoutes("  - /user\n"), []string{
			"5: a route should be a mapping (key: value), and is a single value",
		}},
		"empty route": {inRoutes("  - {}\n"), []string{
			`5: a route has no "path"`, `5: a route has no "methods"`, `5: a route has none of "upstream", "aggregate" and "respond"`,
		}},
		"misspelt in a route": {inRoutes("  - path: /a\n    method: [GET]\n    upstream: fnd\n    time-out: 1s\n"), []string{
			`5: a route has no "methods"`,
			`5: a route with an upstream has no "timeout"`,
			`6: unknown key "method" in a route; did you mean "methods"?`,
			`7: no upstream is called "fnd"; did you mean "find"?`,
			`8: unknown key "time-out" in a route; did you mean "timeout"?`,
		}},
		"methods": {inRoutes("  - path: /a\n    methods:\n    - GET\n    - GET\n    - HEAD\n    - OPTIONS\n    - GTE\n    - get\n    - TRACE\n    - [x]\n    respond: not-implemented\n"), []string{
			"8: the method GET is listed twice",
			"9: HEAD comes with GET, and is not listed",
			"10: OPTIONS is answered by the gateway, and is not listed",
			`11: unknown method "GTE"; did you mean "GET"?`,
			`12: unknown method "get"; did you mean "GET"?`,
			`13: unknown method "TRACE"; known are GET, POST, PUT, PATCH, DELETE`,
			"14: a method should be a single value, and is a list",
		}},
		"no methods": {inRoutes("  - {path: /a, methods: [], respond: not-implemented}\n"), []string{"5: methods is empty"}},
		"both destinations": {inRoutes("  - {path: /a, methods: [GET], upstream: find, respond: not-implemented}\n"), []string{
			`5: a route has either "upstream" or "respond", not both`,
		}},
		"unknown answer": {inRoutes("  - {path: /a, methods: [GET], respond: not-implementd}\n"), []string{
			`5: the gateway has no answer called "not-implementd"; did you mean "not-implemented"?`,
		}},
		"limits without upstream": {inRoutes("  - path: /a\n    methods: [GET]\n    respond: not-implemented\n    body: 1\n    timeout: 1s\n"), []string{
			`8: "body" goes with "upstream": the gateway answers this route itself`,
			`9: "timeout" goes with "upstream": the gateway answers this route itself`,
		}},
		"paths": {inRoutes("  - {path: a, methods: [GET], respond: not-implemented}\n" +
			"  - {path: /a/, methods: [GET], respond: not-implemented}\n" +
			"  - {path: /../a, methods: [GET], respond: not-implemented}\n" +
			"  - {path: \"/{a\", methods: [GET], respond: not-implemented}\n" +
			"  - {path: \"/{a-b}\", methods: [GET], respond: not-implemented}\n" +
			"  - {path: \"/{a}/{a}\", methods: [GET], respond: not-implemented}\n" +
			"  - {path: /livez, methods: [GET], respond: not-implemented}\n"), []string{
			`5: path "a": a path begins with "/"`,
			`6: path "/a/": a path has no empty segment and no slash at its end`,
			`7: path "/../a": ".." is a dot segment, which no request may hold`,
			`8: path "/{a": "{a" holds '{': a segment is either a {parameter} or letters, digits and -._~`,
			`9: path "/{a-b}": "{a-b}" is no parameter: its name is letters, digits and _, a letter first`,
			`10: path "/{a}/{a}": the parameter {a} is there twice`,
			`11: path "/livez" is the gateway's own, and cannot be routed`,
		}},
		"clashes": {inRoutes("  - {path: \"/u/{a}\", methods: [GET, PATCH, DELETE], respond: not-implemented}\n" +
			"  - {path: \"/u/{a}\", methods: [DELETE, POST, GET], respond: not-implemented}\n" +
			"  - {path: \"/u/{b}\", methods: [PUT], respond: not-implemented}\n" +
			"  - {path: \"/{c}/x\", methods: [POST], respond: not-implemented}\n" +
			"  - {path: \"/u/x\", methods: [GET], respond: not-implemented}\n"), []string{
			"6: DELETE, GET /u/{a} is routed already, on line 5",
			"7: path /u/{b} gets in the way of /u/{a} on line 5: they match the same paths; name the parameters alike",
			"7: path /u/{b} gets in the way of /u/{a} on line 6: they match the same paths; name the parameters alike",
			"8: path /{c}/x gets in the way of /u/{a} on line 5: some paths match both, and neither is the narrower one",
			"8: path /{c}/x gets in the way of /u/{a} on line 6: some paths match both, and neither is the narrower one",
			"8: path /{c}/x gets in the way of /u/{b} on line 7: some paths match both, and neither is the narrower one",
		}},
		"limits": {inRoutes("  - {path: /a, methods: [GET], upstream: find, timeout: 5, body: 1KB}\n" +
			"  - {path: /b, methods: [GET], upstream: find, timeout: -5s, body: -1}\n" +
			"  - {path: /c, methods: [GET], upstream: find, timeout: 1h, body: 9999999999GiB}\n" +
			"  - {path: /d, methods: [GET], upstream: find, timeout: 0s, body: }\n"), []string{
			`5: the timeout "5" is no duration: write it like 500ms or 5s, or none for streams`,
			`5: the body limit "1KB" is no size: write it like 512, 64KiB or 1MiB`,
			"6: the timeout -5s is outside 1ms to 10m0s; write none for streams",
			`6: the body limit "-1" is no size: write it like 512, 64KiB or 1MiB`,
			"7: the timeout 1h0m0s is outside 1ms to 10m0s; write none for streams",
			`7: the body limit "9999999999GiB" is no size: write it like 512, 64KiB or 1MiB`,
			"8: the timeout 0s is outside 1ms to 10m0s; write none for streams",
			"8: a body limit should be a single value, and is empty",
		}},
		"an alias of itself": {"version: 1\nupstreams: &a\n  find: *a\n" + routes, []string{
			`3: unknown key "find" in upstream find; known are url, urls, lookup, health, ejection, retries, breaker, limit`,
			`3: upstream find has no "url"`,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := config.Load("f.yaml", []byte(tt.file), env())
			faults, ok := errors.AsType[config.Errors](err)
			if !ok {
				t.Fatalf("Load = %v, want faults", err)
			}
			for i := range tt.want {
				tt.want[i] = "f.yaml:" + tt.want[i]
			}
			if diff := cmp.Diff(tt.want, strings.Split(faults.Error(), "\n")); diff != "" {
				t.Errorf("faults (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLoad_lookupFails(t *testing.T) {
	t.Parallel()
	_, err := config.Load("f.yaml", []byte("version: 1\nupstreams: {find: {url: \"${A}\"}}\nroutes: []\n"),
		func(name string) (string, error) { return "", errors.New(name + " cannot be read") })
	if err == nil || !strings.Contains(err.Error(), "f.yaml:2: the url of upstream find: A cannot be read") {
		t.Errorf("Load = %v", err)
	}
}

// TestLoad_expandsOnce checks that what a variable holds is neither YAML nor a reference.
func TestLoad_expandsOnce(t *testing.T) {
	t.Parallel()
	_, err := config.Load("f.yaml", []byte("version: 1\nupstreams: {find: {url: \"${A}\"}}\nroutes: []\n"),
		env("A=${B}", "B=http://find"))
	if err == nil || !strings.Contains(err.Error(), "f.yaml:2: the url of upstream find should begin with http:// or https://") {
		t.Errorf("Load = %v", err)
	}
}

// FuzzLoad checks that no file makes Load panic or hang, and that what it lets through is complete.
func FuzzLoad(f *testing.F) {
	file, err := os.ReadFile("../gateway.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(file)
	f.Add([]byte("version: 1\nupstreams: &a {find: {url: http://x}}\nroutes: [{<<: *a, path: /}]\n"))
	f.Add([]byte("a: &a [*a, *a]\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := config.Load("f.yaml", data, env("FIND_URL=http://find"))
		if err != nil {
			if _, ok := errors.AsType[config.Errors](err); !ok {
				t.Fatalf("Load = %#v", err)
			}
			return
		}
		for _, r := range c.Routes {
			u, known := c.Upstream(r.Upstream)
			if r.Path == "" || len(r.Methods) == 0 || known == (r.Respond != "" || r.Aggregate != nil) || known && u.URL.Host == "" {
				t.Fatalf("let through: %+v", r)
			}
		}
	})
}
