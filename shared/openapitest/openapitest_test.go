package openapitest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/glarimy/ums/shared/openapitest"
	"github.com/glarimy/ums/shared/userhttp"
)

const spec = `
openapi: 3.1.1
info: {title: Test, version: '1'}
paths:
  /user:
    get:
      parameters: [{name: limit, in: query, schema: {type: integer, maximum: 500}}]
      responses: {'200': {description: All., content: {application/json: {schema: {type: array, items: {type: string}}}}}}
  /user/{name}:
    get:
      parameters: [{name: name, in: path, required: true, schema: {type: string, minLength: 8}}]
      responses:
        '200':
          description: One.
          headers: {ETag: {required: true, schema: {type: string, pattern: '^".*"$'}}, X-Count: {schema: {type: integer}}}
          content: {application/json: {schema: {$ref: '#/components/schemas/User', properties: {version: {const: 1}}}}}
        '304': {description: The same., headers: {ETag: {required: true, schema: {type: string}}}}
        '404': {description: None., content: {application/problem+json: {schema: {$ref: '#/components/schemas/Problem'}}}}
    patch:
      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/User'}}}}
      parameters: [{name: name, in: path, required: true, schema: {type: string}}]
      responses: {'204': {description: Done.}}
  /user/stream:
    get: {responses: {'200': {description: All., content: {text/event-stream: {}}}}}
components:
  responses:
    RouteNotFound: {description: None., content: {application/problem+json: {schema: {$ref: '#/components/schemas/Problem'}}}}
    MethodNotAllowed:
      description: Not so.
      headers: {Allow: {required: true, schema: {type: string}}}
      content: {application/problem+json: {schema: {$ref: '#/components/schemas/Problem'}}}
  schemas:
    Problem: {type: object, required: [type, title, status], properties: {type: {type: string}}}
    User:
      type: object
      required: [name]
      properties: {name: {type: string, minLength: 8}, version: {type: integer}}
      additionalProperties: false
`

const problems = "https://github.com/glarimy/ums/blob/main/docs/problems.md#"

func TestCheck(t *testing.T) {
	t.Parallel()
	document := openapitest.MustLoad(t, []byte(spec))
	header := func(pairs ...string) http.Header {
		h := http.Header{}
		for i := 0; i < len(pairs); i += 2 {
			h.Add(pairs[i], pairs[i+1])
		}
		return h
	}
	tagged := func(pairs ...string) http.Header {
		return header(append(pairs, "Content-Type", "application/json", "Etag", `"1"`)...)
	}
	const user = `{"name":"KrishnaMohan","version":1}`
	isProblem := header("Content-Type", "application/problem+json")
	none := `{"type":"` + problems + `user-not-found","title":"No such user","status":404}`
	nowhere := `{"type":"` + problems + `route-not-found","title":"No such path","status":404}`
	notSo := `{"type":"` + problems + `method-not-allowed","title":"The path does not take this method","status":405}`
	allowing := func(allow string) http.Header {
		return header("Content-Type", "application/problem+json", "Allow", allow)
	}
	asJSON := header("Content-Type", "application/json")
	for name, tt := range map[string]struct {
		call   string
		status int
		header http.Header
		body   string
		want   string // part of the error, or "" for none
	}{
		"right":                         {"GET /user/KrishnaMohan", 200, tagged("Date", "x", "X-Count", "1"), user, ""},
		"an encoded slash":              {"GET /user/Krishna%2FMohan", 200, tagged(), user, ""},
		"HEAD":                          {"HEAD /user/KrishnaMohan", 200, tagged(), "", ""},
		"HEAD without a header":         {"HEAD /user/KrishnaMohan", 200, asJSON, "", "Etag"},
		"not modified":                  {"GET /user/KrishnaMohan", 304, header("Etag", `"1"`), "", ""},
		"not modified, with a body":     {"GET /user/KrishnaMohan", 304, header("Etag", `"1"`), user, "body"},
		"not modified, bare":            {"GET /user/KrishnaMohan", 304, nil, "", "Etag"},
		"an unknown status":             {"GET /user/KrishnaMohan", 202, tagged(), user, "answers 202"},
		"an unknown header":             {"GET /user/KrishnaMohan", 200, tagged("X-More", "1"), user, "X-More"},
		"a header of another form":      {"GET /user/KrishnaMohan", 200, tagged("X-Count", "many"), user, "X-Count"},
		"a header missing":              {"GET /user/KrishnaMohan", 200, asJSON, user, "Etag"},
		"another media type":            {"GET /user/KrishnaMohan", 200, header("Content-Type", "text/plain", "Etag", `"1"`), user, "media type"},
		"no JSON":                       {"GET /user/KrishnaMohan", 200, tagged(), "{", "decode"},
		"a member more":                 {"GET /user/KrishnaMohan", 200, tagged(), `{"name":"KrishnaMohan","x":1}`, "schema"},
		"a member less":                 {"GET /user/KrishnaMohan", 200, tagged(), `{}`, "schema"},
		"a member too short":            {"GET /user/KrishnaMohan", 200, tagged(), `{"name":"K"}`, "schema"},
		"refused beside a reference":    {"GET /user/KrishnaMohan", 200, tagged(), `{"name":"KrishnaMohan","version":2}`, "schema"},
		"carried out, though too short": {"GET /user/K", 200, tagged(), user, "refuses the request"},
		"an unknown parameter":          {"GET /user?x=1", 200, asJSON, "[]", "parameter x"},
		"a parameter too large":         {"GET /user?limit=501", 200, asJSON, "[]", "limit"},
		"a parameter":                   {"GET /user?limit=500", 200, asJSON, "[]", ""},
		"a problem":                     {"GET /user/KrishnaMohan", 404, isProblem, none, ""},
		"a problem, unknown":            {"GET /user/KrishnaMohan", 404, isProblem, strings.Replace(none, "user-", "nobody-", 1), "kind of problem"},
		"a problem of another status":   {"GET /user/KrishnaMohan", 404, isProblem, strings.Replace(none, ":404", ":400", 1), "status 400"},
		"a problem with more":           {"GET /user/KrishnaMohan", 404, isProblem, strings.Replace(none, "{", `{"stack":"",`, 1), "stack"},
		"nowhere":                       {"GET /users", 404, isProblem, nowhere, ""},
		"nowhere, and answered":         {"GET /users", 200, asJSON, "[]", "404 is wanted"},
		"not so":                        {"POST /user", 405, allowing("GET, HEAD"), notSo, ""},
		"not so, by another list":       {"POST /user", 405, allowing("GET"), notSo, "allows"},
		"not so, and answered":          {"POST /user", 204, nil, "", "405 is wanted"},
		"a stream":                      {"GET /user/stream", 200, header("Content-Type", "text/event-stream"), "", ""},
	} {
		method, target, _ := strings.Cut(tt.call, " ")
		err := document.Check(openapitest.Exchange{
			Method: method, Target: target, Status: tt.status, Header: tt.header, Body: []byte(tt.body),
		})
		switch {
		case tt.want == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
			t.Errorf("%s: %v, want an error with %q", name, err, tt.want)
		}
	}
}

func TestCheck_requestBody(t *testing.T) {
	t.Parallel()
	document := openapitest.MustLoad(t, []byte(spec))
	for body, want := range map[string]bool{
		`{"name":"KrishnaMohan"}`: true, `{"name":" KrishnaMohan "}`: true, `{"name":"Krishna"}`: false, `{`: false, `{}`: false,
	} {
		err := document.Check(openapitest.Exchange{
			Method: http.MethodPatch, Target: "/user/KrishnaMohan", RequestBody: []byte(body), Status: http.StatusNoContent,
			RequestHeader: http.Header{"Content-Type": {"application/json"}}, Header: http.Header{},
		})
		if (err == nil) != want {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func TestLoad_refuses(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"no YAML":              "{",
		"another version":      strings.Replace(spec, "3.1.1", "3.0.3", 1),
		"no title":             strings.Replace(spec, "title: Test, ", "", 1),
		"a dangling reference": strings.Replace(spec, "schemas/User'", "schemas/Nobody'", 1),
		"a wrong example":      strings.Replace(spec, "{type: integer, maximum: 500}", "{type: integer, maximum: 500}, example: 501", 1),
		"no path parameter":    strings.Replace(spec, "in: path", "in: query", 1),
	} {
		if text == spec {
			t.Fatalf("%s: nothing was changed", name)
		}
		if _, err := openapitest.Load([]byte(text)); err == nil {
			t.Errorf("%s passes", name)
		}
	}
}

// failures counts what a test would fail by.
type failures struct {
	testing.TB
	count int
}

func (f *failures) Helper()               {}
func (f *failures) Errorf(string, ...any) { f.count++ }

func TestWantRoutes(t *testing.T) {
	t.Parallel()
	document := openapitest.MustLoad(t, []byte(spec))
	router := userhttp.NewRouter()
	nothing := func(http.ResponseWriter, *http.Request) {}
	router.HandleFunc("/user", nothing).Methods(http.MethodGet, http.MethodHead)
	router.HandleFunc("/user/{name}", nothing).Methods(http.MethodGet, http.MethodHead)
	router.HandleFunc("/user/{name}", nothing).Methods(http.MethodDelete)
	f := &failures{TB: t}
	document.WantRoutes(f, router.Router)
	const want = 4 + 2 // served: DELETE and what the frame serves; described: PATCH and the stream
	if f.count != want {
		t.Errorf("%d differences were found, want %d", f.count, want)
	}
}
