package contract_test

import (
	"compress/gzip"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/oasdiff/yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/glarimy/ums/shared/event"
	"github.com/glarimy/ums/shared/event/contract"
	"github.com/glarimy/ums/shared/event/eventtest"
	"github.com/glarimy/ums/shared/user"
)

// load reads asyncapi.yaml as JSON has it.
func load(t *testing.T) map[string]any {
	t.Helper()
	data, err := contract.Files.ReadFile("asyncapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if data, err = yaml.YAMLToJSON(data); err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(string(data)))
	if err != nil {
		t.Fatal(err)
	}
	return document.(map[string]any)
}

// TestAsyncAPI holds the document against the JSON Schema that AsyncAPI publishes.
func TestAsyncAPI(t *testing.T) {
	t.Parallel()
	file, err := os.Open("testdata/asyncapi-3.0.0.schema.json.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	plain, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	published, err := jsonschema.UnmarshalJSON(plain)
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("http://asyncapi.com/definitions/3.0.0/asyncapi.json", published); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("http://asyncapi.com/definitions/3.0.0/asyncapi.json")
	if err != nil {
		t.Fatal(err)
	}
	document := load(t)
	if err := schema.Validate(document); err != nil {
		t.Errorf("asyncapi.yaml: %v", err)
	}
	document["info"] = "no object"
	if schema.Validate(document) == nil {
		t.Error("a document that is not right passes")
	}
}

// TestAsyncAPI_types keeps the document, the files beside it and the package's constants together.
func TestAsyncAPI_types(t *testing.T) {
	t.Parallel()
	document := load(t)
	components := document["components"].(map[string]any)
	sources := map[string]string{
		event.TypeAdded: event.SourceAdd, event.TypeChanged: event.SourceAdd, event.TypeRemoved: event.SourceAdd,
		event.TypeFound: event.SourceFind, event.TypeSearched: event.SourceSearch,
	}
	got := map[string]string{}
	for name, m := range components["messages"].(map[string]any) {
		message := m.(map[string]any)
		kind := message["name"].(string)
		headers := fmt.Sprint(message["headers"])
		if !strings.HasSuffix(kind, "."+name) || !strings.Contains(headers, "const:"+kind) {
			t.Errorf("the message %s is of the type %s: %s", name, kind, headers)
		}
		for _, source := range sources {
			if strings.Contains(headers, "const:"+source) {
				got[kind] = source
			}
		}
		file := message["payload"].(map[string]any)["schema"].(map[string]any)["$ref"].(string)
		if _, err := contract.Files.ReadFile(file); err != nil || file != name+".json" {
			t.Errorf("the payload of %s is %s: %v", name, file, err)
		}
	}
	if diff := cmp.Diff(sources, got); diff != "" {
		t.Errorf("types and their sources (-constants +document):\n%s", diff)
	}
	if types := eventtest.Types(); len(types) != len(sources) {
		t.Errorf("eventtest knows %q", types)
	}
	if dangling := danglingRefs(document, document); len(dangling) > 0 {
		t.Errorf("the document refers to what is not there: %q", dangling)
	}
}

// danglingRefs returns the local references that lead nowhere.
func danglingRefs(whole map[string]any, value any) (dangling []string) {
	switch value := value.(type) {
	case map[string]any:
		if ref, ok := value["$ref"].(string); ok && strings.HasPrefix(ref, "#/") {
			var target any = whole
			for key := range strings.SplitSeq(ref[2:], "/") {
				o, _ := target.(map[string]any)
				target = o[key]
			}
			if target == nil {
				dangling = append(dangling, ref)
			}
		}
		for _, v := range value {
			dangling = append(dangling, danglingRefs(whole, v)...)
		}
	case []any:
		for _, v := range value {
			dangling = append(dangling, danglingRefs(whole, v)...)
		}
	}
	return dangling
}

// sound returns an event of a type with everything that it may have.
func sound(kind string) event.Event {
	data := map[string]string{
		event.TypeAdded:    `{"name":"KrishnaMohan","phone":9731423166,"since":"2022-09-12T10:00:00Z","version":1}`,
		event.TypeChanged:  `{"name":"KrishnaMohan","phone":9731423177,"since":"2022-09-12T10:00:00.000001Z","version":2}`,
		event.TypeRemoved:  `{"name":"KrishnaMohan","phone":9731423177,"since":"2022-09-12T10:00:00Z","version":2}`,
		event.TypeFound:    `{"name":"KrishnaMohan"}`,
		event.TypeSearched: `{"filter":"phone_prefix","count":50}`,
	}
	return event.Event{
		ID: "01890a5d-ac96-774b-bcce-b302099a8057", Source: event.SourceAdd, Type: kind, User: "KrishnaMohan",
		Time: time.Date(2022, 9, 12, 10, 0, 0, 1000, time.UTC), Sequence: event.Sequence(1), Actor: "rao@example.org",
		RequestID: "request-1", Traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", Data: []byte(data[kind]),
	}
}

func TestEvents(t *testing.T) {
	t.Parallel()
	for _, kind := range eventtest.Types() {
		if err := eventtest.Check(sound(kind)); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
	for kind, bad := range map[string][]string{
		event.TypeAdded: {
			`{}`, `[]`, `null`,
			`{"name":"KrishnaMohan","phone":"9731423166","since":"2022-09-12T10:00:00Z","version":1}`,
			`{"name":"KrishnaMohan","phone":9731423166,"since":"2022-09-12T10:00:00Z","version":2}`,
			`{"name":"KrishnaMohan","phone":9731423166,"since":"2022-09-12T10:00:00.1Z","version":1}`,
			`{"name":"KrishnaMohan","phone":9731423166,"since":"2022-13-12T10:00:00Z","version":1}`,
			`{"name":"Krishna","phone":9731423166,"since":"2022-09-12T10:00:00Z","version":1}`,
			`{"name":"KrishnaMohan\u202E","phone":9731423166,"since":"2022-09-12T10:00:00Z","version":1}`,
			`{"name":"KrishnaMohan","phone":9731423166,"since":"2022-09-12T10:00:00Z","version":1,"more":1}`,
			`{"name":"KrishnaMohan","phone":8999999999,"since":"2022-09-12T10:00:00Z","version":1}`,
		},
		event.TypeChanged:                 {`{"name":"KrishnaMohan","phone":9731423166,"since":"2022-09-12T10:00:00Z","version":1}`},
		event.TypeFound:                   {`{}`, `{"name":"KrishnaMohan","phone":9731423166}`},
		event.TypeSearched:                {`{"filter":"phone=9731423166","count":1}`, `{"filter":"phone","count":-1}`, `{"filter":"phone"}`},
		"com.glarimy.ums.user.attributes": {`{}`},
	} {
		for _, data := range bad {
			if eventtest.CheckData(kind, []byte(data)) == nil {
				t.Errorf("%s: %s passes", kind, data)
			}
		}
	}
}

// TestBounds keeps the numbers of the schemas and those of the domain together.
func TestBounds(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		phone uint64
	}{
		{strings.Repeat("x", user.MinNameLength), user.MinPhoneNumber},
		{strings.Repeat("x", user.MaxNameLength), user.MaxPhoneNumber},
		{strings.Repeat("x", user.MinNameLength-1), user.MinPhoneNumber},
		{strings.Repeat("x", user.MaxNameLength+1), user.MinPhoneNumber},
		{strings.Repeat("x", user.MinNameLength), user.MinPhoneNumber - 1},
		{strings.Repeat("x", user.MinNameLength), user.MaxPhoneNumber + 1},
	} {
		_, badName := user.NewName(tt.name)
		_, badPhone := user.NewPhoneNumber(tt.phone)
		data := fmt.Sprintf(`{"name":%q,"phone":%d,"since":"2022-09-12T10:00:00Z","version":1}`, tt.name, tt.phone)
		err := eventtest.CheckData(event.TypeAdded, []byte(data))
		if want := badName == nil && badPhone == nil; (err == nil) != want {
			t.Errorf("%s: %v, and the domain says %t", data, err, want)
		}
	}
}

// TestAttributes keeps the names of the attributes together.
func TestAttributes(t *testing.T) {
	t.Parallel()
	var names []string
	for _, a := range sound(event.TypeAdded).Attributes() {
		names = append(names, a.Name)
	}
	data, err := contract.Files.ReadFile("attributes.json")
	if err != nil {
		t.Fatal(err)
	}
	schema, err := jsonschema.UnmarshalJSON(strings.NewReader(string(data)))
	if err != nil {
		t.Fatal(err)
	}
	var described []string
	for name := range schema.(map[string]any)["properties"].(map[string]any) {
		described = append(described, name)
	}
	slices.Sort(names)
	slices.Sort(described)
	if diff := cmp.Diff(names, described); diff != "" {
		t.Errorf("attributes (-package +schema):\n%s", diff)
	}
}
