package openapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/glarimy/ums/gateway"
	"github.com/glarimy/ums/gateway/config"
	"github.com/glarimy/ums/gateway/openapi"
	"github.com/glarimy/ums/shared/document"
	"github.com/glarimy/ums/shared/openapitest"
)

// slots are those that UMS has.
func slots() []string { return []string{"find", "add", "search", "journal"} }

// contract returns what the default filling of a slot says of itself.
func contract(tb testing.TB, slot string) string {
	tb.Helper()
	data, err := os.ReadFile("../../services/" + slot + "/openapi.yaml")
	if err != nil {
		tb.Fatal(err)
	}
	return string(data)
}

// TestDefaults keeps the copies and the services' documents together.
func TestDefaults(t *testing.T) {
	t.Parallel()
	for _, slot := range slots() {
		copied, err := os.ReadFile("defaults/" + slot + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		if string(copied) != contract(t, slot) {
			t.Errorf("defaults/%s.yaml is not services/%s/openapi.yaml: run go generate ./gateway/openapi", slot, slot)
		}
	}
}

// fakes answer for the services: each slot with a document, an error, or whatever a test wants.
type fakes struct {
	mu    sync.Mutex
	told  map[string]string // what a slot answers with 200
	fault map[string]error
	asked atomic.Int64
	now   time.Time
}

func newFakes() *fakes {
	return &fakes{told: map[string]string{}, fault: map[string]error{}, now: time.Date(2022, 9, 12, 10, 0, 0, 0, time.UTC)}
}

type fake struct {
	*fakes
	slot string
}

func (f fake) RoundTrip(r *http.Request) (*http.Response, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked.Add(1)
	if err := f.fault[f.slot]; err != nil {
		return nil, err
	}
	status, body := http.StatusOK, f.told[f.slot]
	if body == "" || r.URL.Path != document.Path {
		status = http.StatusNotFound
	}
	return &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader(body))}, nil
}

func (f *fakes) set(slot, told string, fault error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.told[slot], f.fault[slot] = told, fault
}

func (f *fakes) pass(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = f.now.Add(d)
}

func (f *fakes) clock() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

// routes are the built-in ones.
func routes(tb testing.TB) config.Config {
	tb.Helper()
	c, err := gateway.LoadConfig("", func(string) string { return "" })
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

func describe(tb testing.TB, c config.Config, f *fakes) *openapi.Description {
	tb.Helper()
	return openapi.New(c, openapi.Options{
		Upstream: func(slot string) http.RoundTripper { return fake{f, slot} },
		Logger:   slog.New(slog.DiscardHandler), Now: f.clock,
	})
}

func get(tb testing.TB, serve http.HandlerFunc) *httptest.ResponseRecorder {
	tb.Helper()
	w := httptest.NewRecorder()
	serve(w, httptest.NewRequest(http.MethodGet, "/", nil))
	if w.Code != http.StatusOK {
		tb.Fatalf("%d %s", w.Code, w.Body)
	}
	return w
}

// whole is what the tests look at of the composed document.
type whole struct {
	Paths      map[string]map[string]struct{ Summary any }
	Sources    map[string]string `json:"x-sources"`
	Components struct{ Schemas map[string]any }
}

func read(tb testing.TB, d *openapi.Description) whole {
	tb.Helper()
	var w whole
	if err := json.Unmarshal(get(tb, d.ServeJSON).Body.Bytes(), &w); err != nil {
		tb.Fatal(err)
	}
	return w
}

// TestComposed checks that the document is a right one, whether the services tell their parts or not, and has exactly the
// routes of the gateway.
func TestComposed(t *testing.T) {
	t.Parallel()
	for _, told := range []bool{true, false} {
		f := newFakes()
		want := "default"
		for _, slot := range slots() {
			if told {
				f.set(slot, contract(t, slot), nil)
				want = "served"
			}
		}
		c := routes(t)
		d := describe(t, c, f)
		composed := openapitest.MustLoad(t, get(t, d.ServeJSON).Body.Bytes())
		operations := []string{"GET /livez", "GET /readyz"}
		for _, r := range c.Routes {
			for _, method := range r.Methods {
				operations = append(operations, method+" "+r.Path)
			}
		}
		composed.WantOperations(t, operations)
		w := read(t, d)
		for _, slot := range slots() {
			if w.Sources[slot] != want {
				t.Errorf("the source of %s is %q, want %q", slot, w.Sources[slot], want)
			}
		}
		for name := range w.Components.Schemas {
			if strings.Contains(name, ".") {
				t.Errorf("the services disagree about the schema %s", name)
			}
		}
	}
}

// TestComposed_same checks that replicas of the gateway give out the same document.
func TestComposed_same(t *testing.T) {
	t.Parallel()
	first := get(t, describe(t, routes(t), newFakes()).ServeJSON)
	for range 5 {
		if next := get(t, describe(t, routes(t), newFakes()).ServeJSON); !bytes.Equal(next.Body.Bytes(), first.Body.Bytes()) {
			t.Fatal("composing twice makes two documents")
		}
	}
}

// another is what a service in another language may say: JSON instead of YAML, statuses without quotes, parameters at the
// path, names that others use otherwise, a reference into a schema, operations that nobody routes.
const another = `
openapi: 3.0.3
info: {title: Another, version: 2022-09-12}
paths:
  /user/{name}:
    parameters: [{name: name, in: path, required: true, schema: {$ref: '#/components/schemas/User/properties/name'}}]
    get:
      summary: Another find
      operationId: addUser
      security: [{key: []}]
      responses:
        200: {description: The user., content: {application/json: {schema: {$ref: '#/components/schemas/Users'}}}}
  /admin:
    delete: {responses: {200: {description: Everything is gone.}}}
components:
  schemas:
    User: {type: object, properties: {name: {type: string}}}
    Users: {type: array, items: {$ref: '#/components/schemas/User'}}
`

func TestComposed_replaced(t *testing.T) {
	t.Parallel()
	f := newFakes()
	f.set("find", another, nil)
	d := describe(t, routes(t), f)
	body := get(t, d.ServeJSON).Body.Bytes()
	openapitest.MustLoad(t, body)
	w := read(t, d)
	if w.Sources["find"] != "served" || w.Sources["add"] != "default" {
		t.Errorf("sources = %v", w.Sources)
	}
	if got := w.Paths["/user/{name}"]["get"].Summary; got != "Another find" {
		t.Errorf("GET /user/{name} is %q", got)
	}
	if w.Paths["/admin"] != nil {
		t.Error("what nobody routes is described")
	}
	if w.Components.Schemas["User"] == nil || w.Components.Schemas["User.find"] == nil && w.Components.Schemas["User.add"] == nil {
		t.Errorf("there is one User for two: %v", slices.Sorted(keys(w.Components.Schemas)))
	}
}

func keys(m map[string]any) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// TestComposed_unusable checks that no document of a service can take the whole with it.
func TestComposed_unusable(t *testing.T) {
	t.Parallel()
	for name, told := range map[string]string{
		"no YAML":               "{",
		"text":                  "gone",
		"two documents":         "a: 1\n---\nb: 2\n",
		"another version":       "swagger: '2.0'\npaths: {}\n",
		"no paths":              "openapi: 3.1.1\n",
		"a foreign reference":   "openapi: 3.1.1\npaths: {/user: {get: {responses: {200: {$ref: 'http://127.0.0.1/x'}}}}}\n",
		"a dangling reference":  "openapi: 3.1.1\npaths: {/user: {get: {responses: {200: {$ref: '#/components/responses/X'}}}}}\n",
		"too large":             "openapi: 3.1.1\npaths: {}\n#" + strings.Repeat("x", 1<<20),
		"a number that is none": "openapi: 3.1.1\npaths: {}\nx: !!int true\n",
		"a long text, often":    "openapi: 3.1.1\npaths: {}\na: &a " + strings.Repeat("x", 1<<18) + "\nb: [" + strings.Repeat("*a,", 20) + "]\n",
		"a circle of aliases":   "openapi: 3.1.1\npaths: {}\na: &a [*a]\n",
		"aliases of aliases": "openapi: 3.1.1\npaths: {}\na: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n" +
			"c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e,*e,*e,*e]\n",
	} {
		f := newFakes()
		f.set("find", told, nil)
		if got := read(t, describe(t, routes(t), f)); got.Sources["find"] != "default" || got.Paths["/user/{name}"]["get"].Summary == nil {
			t.Errorf("%s: %v", name, got.Sources)
		}
	}
	for name, told := range map[string]string{
		"a circle of references": "openapi: 3.1.1\npaths: {/user/{name}: {get: {parameters: [{$ref: '#/components/parameters/A'}], responses: {'503': {$ref: '#/components/responses/A'}}}}}\n" +
			"components: {responses: {A: {$ref: '#/components/responses/A'}}, parameters: {A: {$ref: '#/components/parameters/A'}}}\n",
		"everything of another type": "openapi: 3.1.1\npaths: {/user/{name}: {get: {parameters: {}, tags: 1, requestBody: [], responses: [], summary: {}}}}\n",
		"an empty operation":         "openapi: 3.1.1\npaths: {/user/{name}: {get: {}}}\n",
	} {
		f := newFakes()
		f.set("find", strings.Replace(told, "{/user/{name}:", "{'/user/{name}':", 1), nil)
		d := describe(t, routes(t), f)
		if got := read(t, d); got.Sources["find"] != "served" {
			t.Errorf("%s: %v", name, got.Sources)
		}
		get(t, d.ServePage)
	}
}

// TestComposed_names checks that what services call by names that others would get takes nobody's place, and that one
// service's operations share what they share.
func TestComposed_names(t *testing.T) {
	t.Parallel()
	const shared = `
openapi: 3.1.1
paths:
  /user:
    get: {responses: {'200': {$ref: '#/components/responses/All'}, '404': {$ref: '#/components/responses/Page'}}}
  /user/{name}:
    parameters: [{name: name, in: path, required: true, schema: {type: string}}]
    get: {responses: {'200': {$ref: '#/components/responses/All'}}}
components:
  responses:
    All: {description: All., content: {application/json: {schema: {$ref: '#/components/schemas/A'}}}}
    Page: {description: "%s", content: {application/json: {schema: {$ref: '#/components/schemas/User.add'}}}}
  schemas:
    A: {type: object, properties: {problem: {$ref: '#/components/schemas/Problem'}, user: {$ref: '#/components/schemas/User'}}}
    Problem: {type: string, description: "%[1]s"}
    User: {type: string, description: "%[1]s"}
    User.add: {type: integer}
`
	var first []byte
	for range 10 {
		f := newFakes()
		f.set("find", fmt.Sprintf(shared, "one"), nil)
		f.set("search", fmt.Sprintf(shared, "two"), nil)
		d := describe(t, routes(t), f)
		body := get(t, d.ServeJSON).Body.Bytes()
		if first == nil {
			first = body
			openapitest.MustLoad(t, body)
		}
		if !bytes.Equal(first, body) {
			t.Fatal("composing twice makes two documents")
		}
		schemas := read(t, d).Components.Schemas
		for name, want := range map[string]string{"User.add": "integer", "User.search": "string", "User.find": "string", "User": "object"} {
			if got, _ := schemas[name].(map[string]any); got["type"] != want {
				t.Errorf("the schema %s is %v, want one of type %s", name, got, want)
			}
		}
		if schemas["A"] == nil || schemas["A.find"] == nil || schemas["A.find.find"] != nil || schemas["A.search"] != nil {
			t.Errorf("two kinds of A are %v", slices.Sorted(keys(schemas)))
		}
	}
}

// TestRefresh checks when services are asked, and that what one said outlives its absence for a while.
func TestRefresh(t *testing.T) {
	t.Parallel()
	f := newFakes()
	for _, slot := range slots() {
		f.set(slot, contract(t, slot), nil)
	}
	d := describe(t, routes(t), f)
	step := func(what string, wantAsked int64, want string) {
		t.Helper()
		before := f.asked.Load()
		got := read(t, d).Sources["find"]
		if asked := f.asked.Load() - before; asked != wantAsked || got != want {
			t.Errorf("%s: %d services were asked and find's part is %q, want %d and %q", what, asked, got, wantAsked, want)
		}
	}
	step("first", 4, "served")
	step("again", 0, "served")
	f.set("find", "", errors.New("away"))
	f.pass(61 * time.Second)
	step("find is away", 4, "served")
	step("at once again", 0, "served")
	f.pass(6 * time.Second)
	step("it is asked again soon", 4, "served")
	f.pass(11 * time.Minute)
	step("it was away for long", 4, "default")
	f.set("find", "", nil)
	f.pass(6 * time.Second)
	step("it is back without a document", 4, "default")
	f.set("find", contract(t, "find"), nil)
	f.pass(6 * time.Second)
	step("it has one", 4, "served")
}

// TestImpatient checks that a client that goes away is not waited for, and takes nobody's document away.
func TestImpatient(t *testing.T) {
	t.Parallel()
	f := newFakes()
	f.set("find", contract(t, "find"), nil)
	d := describe(t, routes(t), f)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w := httptest.NewRecorder()
	d.ServeJSON(w, httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil))
	if w.Code != http.StatusOK {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if got := read(t, d); got.Sources["find"] != "served" {
		t.Errorf("sources = %v", got.Sources)
	}
}
