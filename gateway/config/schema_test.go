package config_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"

	"github.com/glarimy/ums/gateway/config"
)

// unknownKey is like no key that there is, so that the loader lists those that it knows.
var unknownKey = strings.Repeat("z", 40)

// TestSchema_keys checks that for every mapping of the format the schema has exactly the keys that the loader knows. It
// asks the loader by putting an unknown key into each mapping of a file in which all of them occur.
func TestSchema_keys(t *testing.T) {
	t.Parallel()
	var schema map[string]any
	if err := json.Unmarshal(config.Schema(), &schema); err != nil {
		t.Fatal(err)
	}
	w := &schemaWalk{tb: t, root: schema, seen: map[string]bool{}, file: complete(t)}
	w.visit(schema, w.file, "#")
	for path := range objects(schema, "#", map[string]bool{}) {
		if !w.seen[path] {
			t.Errorf("testdata/complete.yaml has no mapping for %s of the schema", path)
		}
	}
}

func complete(tb testing.TB) any {
	tb.Helper()
	data, err := os.ReadFile("testdata/complete.yaml")
	if err != nil {
		tb.Fatal(err)
	}
	return decode(tb, data)
}

// decode reads YAML into what JSON would be read into.
func decode(tb testing.TB, data []byte) any {
	tb.Helper()
	var value any
	if err := yaml.Load(data, &value); err != nil {
		tb.Fatal(err)
	}
	encoded, err := json.Marshal(value)
	if err != nil {
		tb.Fatal(err)
	}
	value, err = jsonschema.UnmarshalJSON(bytes.NewReader(encoded))
	if err != nil {
		tb.Fatal(err)
	}
	return value
}

// schemaWalk goes through a file and the schema side by side.
type schemaWalk struct {
	tb   testing.TB
	root map[string]any
	file any
	seen map[string]bool // objects of the schema by their pointers
}

func (w *schemaWalk) visit(schema map[string]any, value any, path string) {
	if ref, ok := schema["$ref"].(string); ok {
		schema, path = resolve(w.root, ref), ref
	}
	switch value := value.(type) {
	case []any:
		items, _ := schema["items"].(map[string]any)
		for _, item := range value {
			w.visit(items, item, path+"/items")
		}
	case map[string]any:
		properties, _ := schema["properties"].(map[string]any)
		if properties != nil {
			w.compare(value, properties, path)
		}
		for key, member := range value {
			next, ok := properties[key].(map[string]any)
			if !ok {
				next, _ = schema["additionalProperties"].(map[string]any)
			}
			w.visit(next, member, path+"/"+key)
		}
	}
}

var knownKeys = regexp.MustCompile(`unknown key "z+" in .*; known are (.*)`)

// compare puts an unknown key into a mapping of the file, and compares what the loader knows with the schema.
func (w *schemaWalk) compare(mapping map[string]any, properties map[string]any, path string) {
	w.seen[path] = true
	mapping[unknownKey] = 1
	encoded, err := json.Marshal(w.file)
	delete(mapping, unknownKey)
	if err != nil {
		w.tb.Fatal(err)
	}
	_, err = config.Load("f.yaml", encoded, env())
	if err == nil {
		w.tb.Errorf("%s: the loader takes any key", path)
		return
	}
	known := knownKeys.FindStringSubmatch(err.Error())
	if known == nil {
		w.tb.Errorf("%s: %v, want what keys are known", path, err)
		return
	}
	want := strings.Split(known[1], ", ")
	slices.Sort(want)
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(properties))); diff != "" {
		w.tb.Errorf("%s: keys (-loader +schema):\n%s", path, diff)
	}
}

// objects returns the pointers of what in a schema has properties and closes them; references lead to their targets.
func objects(schema map[string]any, path string, found map[string]bool) map[string]bool {
	if _, ok := schema["properties"]; ok && schema["additionalProperties"] == false {
		found[path] = true
	}
	for _, key := range []string{"properties", "$defs"} {
		members, _ := schema[key].(map[string]any)
		for name, member := range members {
			if next, ok := member.(map[string]any); ok {
				at := path + "/" + name
				if key == "$defs" {
					at = path + "/$defs/" + name
				}
				objects(next, at, found)
			}
		}
	}
	for _, key := range []string{"items", "additionalProperties"} {
		if next, ok := schema[key].(map[string]any); ok {
			objects(next, path+"/"+key, found)
		}
	}
	return found
}

func resolve(root map[string]any, ref string) map[string]any {
	at := root
	for name := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
		at, _ = at[name].(map[string]any)
	}
	return at
}

// TestSchema_judges checks that the schema and the loader think alike of files, as far as the form of values goes.
func TestSchema_judges(t *testing.T) {
	t.Parallel()
	schema := compile(t)
	route := func(fields string) string {
		return "version: 1\nupstreams: {find: {url: \"http://find\"}}\nroutes: [{" + fields + "}]\n"
	}
	part := func(fields string) string {
		return route(`path: "/{x}", methods: [GET], timeout: 3s, aggregate: [{` + fields + `}]`)
	}
	const get, asked = `path: /a, methods: [GET], upstream: find, `, `name: a, upstream: find, path: /b, `
	for file, want := range map[string]bool{
		read(t, "../gateway.yaml"):        true,
		read(t, "testdata/complete.yaml"): true,

		"version: \"1\"\nupstreams: {a-1: {url: \"https://h:1/\"}}\nroutes: [{path: /, methods: [GET], respond: openapi}]\n": true,
		"version: 2\nupstreams: {find: {url: \"http://h\"}}\nroutes: [{path: /, methods: [GET], respond: openapi}]\n":        false,
		"version: 1\nupstreams: {}\nroutes: [{path: /, methods: [GET], respond: openapi}]\n":                                 false,
		"version: 1\nupstreams: {Find: {url: \"http://h\"}}\nroutes: [{path: /, methods: [GET], respond: openapi}]\n":        false,
		"version: 1\nupstreams: {find: {url: \"ftp://h\"}}\nroutes: [{path: /, methods: [GET], respond: openapi}]\n":         false,
		"version: 1\nupstreams: {find: {url: \"http://h/x\"}}\nroutes: [{path: /, methods: [GET], respond: openapi}]\n":      false,
		"version: 1\nupstreams: {find: {url: \"http://u:p@h\"}}\nroutes: [{path: /, methods: [GET], respond: openapi}]\n":    false,
		"version: 1\nupstreams: {find: {}}\nroutes: [{path: /, methods: [GET], respond: openapi}]\n":                         false,
		"version: 1\nupstreams: {find: {url: \"http://h\"}}\nroutes: []\n":                                                   false,
		"version: 1\nupstreams: {find: {url: \"http://h\"}}\n":                                                               false,
		"[]\n": false,

		route(get + "timeout: 5s"):             true,
		route(get + "timeout: 1m30s"):          true,
		route(get + "timeout: none"):           true,
		route(get + `timeout: "${T:-1s}"`):     true,
		route(get + "timeout: 5"):              false,
		route(get + "timeout: 5 s"):            false,
		route(get + "timeout: -5s"):            false,
		route(get + "timeout: "):               false,
		route(get + "timeout: 5s, body: 512"):  true,
		route(get + "timeout: 5s, body: 1MiB"): true,
		route(get + "timeout: 5s, body: 1MB"):  false,
		route(get + "timeout: 5s, body: -1"):   false,
		route(get + "timeout: 5s, body: 1.5"):  false,
		route(get + "timeout: 5s, bdy: 1"):     false,
		strings.TrimSuffix(route(get), "\n"):   false, // no timeout

		route("methods: [GET], respond: docs"):                                         false,
		route("path: /a, respond: docs"):                                               false,
		route("path: /a, methods: [GET]"):                                              false,
		route("path: a, methods: [GET], respond: docs"):                                false,
		route("path: /a/, methods: [GET], respond: docs"):                              false,
		route("path: /a//b, methods: [GET], respond: docs"):                            false,
		route(`path: "/a{b}", methods: [GET], respond: docs`):                          false,
		route(`path: "/{1}", methods: [GET], respond: docs`):                           false,
		route("path: /a%20b, methods: [GET], respond: docs"):                           false,
		route("path: /a, methods: GET, respond: docs"):                                 false,
		route("path: /a, methods: [], respond: docs"):                                  false,
		route("path: /a, methods: [GET, GET], respond: docs"):                          false,
		route("path: /a, methods: [HEAD], respond: docs"):                              false,
		route("path: /a, methods: [get], respond: docs"):                               false,
		route("path: /a, methods: [GET], respond: page"):                               false,
		route("path: /a, methods: [GET], respond: docs, timeout: 5s"):                  false,
		route("path: /a, methods: [GET], respond: docs, body: 1"):                      false,
		route("path: /a, methods: [GET], upstream: find, respond: docs"):               false,
		route(get + `timeout: 5s, aggregate: [{` + asked + `}]`):                       false,
		route(`path: /a, methods: [GET], aggregate: [{` + asked + `}]`):                false,
		route(`path: /a, methods: [POST], timeout: 1s, aggregate: [{` + asked + `}]`):  false,
		route(`path: /a, methods: [GET], timeout: none, aggregate: [{` + asked + `}]`): false,
		route(`path: /a, methods: [GET], timeout: 1s, aggregate: []`):                  false,

		part(asked): true,
		part(asked + "key: b_1-c, timeout: 3s, required: true, limit: 1KiB"): true,
		part(asked + "key: parts"):               false,
		part(asked + "key: 1b"):                  false,
		part(asked + "required: 1"):              false,
		part(asked + `required: "true"`):         true,
		part(asked + "timeout: none"):            false,
		part(asked + "limit: 1KB"):               false,
		part("name: a, upstream: find"):          false,
		part("name: a, path: /b"):                false,
		part("upstream: find, path: /b"):         false,
		part("name: a, upstream: find, path: b"): false,
	} {
		_, err := config.Load("f.yaml", []byte(file), env())
		if got := err == nil; got != want {
			t.Errorf("the loader takes it: %t (%v), want %t\n%s", got, err, want, file)
		}
		if _, ok := errors.AsType[config.Errors](err); err != nil && !ok {
			t.Errorf("%v", err)
		}
		err = schema.Validate(decode(t, []byte(file)))
		if got := err == nil; got != want {
			t.Errorf("the schema takes it: %t (%v), want %t\n%s", got, err, want, file)
		}
	}
}

func read(tb testing.TB, file string) string {
	tb.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		tb.Fatal(err)
	}
	return string(data)
}

func compile(tb testing.TB) *jsonschema.Schema {
	tb.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(config.Schema()))
	if err != nil {
		tb.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("schema.json", document); err != nil {
		tb.Fatal(err)
	}
	schema, err := c.Compile("schema.json")
	if err != nil {
		tb.Fatal(err)
	}
	return schema
}
