// Package openapitest holds what a server answers against the OpenAPI document that promises it. It is for tests alone.
//
// An answer must be one that the document has, in every respect: the path, the method, the status, each header, the media
// type and the body. What belongs to no operation is promised by responses of fixed names among the components:
// RouteNotFound for other paths, MethodNotAllowed for other methods, Options for OPTIONS, and HTTPError for what is no
// well-formed HTTP. HEAD goes where GET goes, and has no body.
package openapitest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/gorilla/mux"

	"github.com/glarimy/ums/shared/document"
)

// Names of the responses that belong to no operation.
const (
	routeNotFound    = "RouteNotFound"
	methodNotAllowed = "MethodNotAllowed"
	options          = "Options"
	httpError        = "HTTPError"
)

// Document is an OpenAPI document. It is safe for concurrent use.
type Document struct {
	spec *openapi3.T
}

// Load reads a document in YAML or JSON. The error tells what is not as OpenAPI demands; an example that its own schema
// refuses is such a fault.
func Load(data []byte) (*Document, error) {
	spec, err := openapi3.NewLoader().LoadFromData(data)
	if err != nil {
		return nil, fmt.Errorf("load the document: %w", err)
	}
	if !spec.IsOpenAPI31OrLater() {
		return nil, fmt.Errorf("the document is of OpenAPI %s, want 3.1", spec.OpenAPI)
	}
	if err := spec.Validate(context.Background(), openapi3.EnableExamplesValidation(), openapi3.EnableMultiError()); err != nil {
		return nil, fmt.Errorf("the document is not valid: %w", err)
	}
	return &Document{spec: spec}, nil
}

// Operations returns the operations of the document in the form "GET /user/{name}", sorted.
func (d *Document) Operations() []string {
	var operations []string
	for path, item := range d.spec.Paths.Map() {
		for method := range item.Operations() {
			operations = append(operations, method+" "+path)
		}
	}
	slices.Sort(operations)
	return operations
}

// Schema returns a schema among the components, to hold values against. It fails for a name that is not there.
func (d *Document) Schema(name string) (*Schema, error) {
	ref := d.spec.Components.Schemas[name]
	if ref == nil {
		return nil, fmt.Errorf("the document has no schema %s", name)
	}
	return &Schema{name: name, ref: ref}, nil
}

// WantRoutes fails tb for each route of a service that the document does not have, and the reverse. What the frame of every
// service answers, the probes and the document itself, is in each document and in no router.
func (d *Document) WantRoutes(tb testing.TB, router *mux.Router) {
	tb.Helper()
	routes, err := routes(router)
	if err != nil {
		tb.Fatal(err)
	}
	routes = append(routes, "GET /livez", "GET /readyz", "GET "+document.Path)
	d.WantOperations(tb, routes)
}

// WantOperations fails tb for each operation, in the form of [Document.Operations], that the document does not have, and
// for each that it has beside them.
func (d *Document) WantOperations(tb testing.TB, want []string) {
	tb.Helper()
	got := d.Operations()
	for _, operation := range want {
		if !slices.Contains(got, operation) {
			tb.Errorf("%s is served, and the document does not have it", operation)
		}
	}
	for _, operation := range got {
		if !slices.Contains(want, operation) {
			tb.Errorf("the document has %s, and nothing serves it", operation)
		}
	}
}

// routes returns the routes of a router as [Document.Operations] returns those of a document. HEAD is left out where GET
// is there; a HEAD without GET, or a GET without HEAD, is an error.
func routes(router *mux.Router) ([]string, error) {
	methods := map[string][]string{}
	err := router.Walk(func(route *mux.Route, _ *mux.Router, _ []*mux.Route) error {
		path, err := route.GetPathTemplate()
		if err != nil {
			return err
		}
		some, err := route.GetMethods()
		methods[path] = append(methods[path], some...)
		return err
	})
	var routes []string
	for path, all := range methods {
		if slices.Contains(all, http.MethodGet) != slices.Contains(all, http.MethodHead) {
			err = errors.Join(err, fmt.Errorf("%s takes one of GET and HEAD without the other", path))
		}
		for _, method := range all {
			if method != http.MethodHead {
				routes = append(routes, method+" "+path)
			}
		}
	}
	return routes, err
}

// match finds the path of the document that a raw path is of, with the parameters decoded. A path without parameters
// comes before one with them.
func (d *Document) match(rawPath string) (template string, parameters map[string]string) {
	for candidate := range d.spec.Paths.Map() {
		if found, ok := matchTemplate(candidate, rawPath); ok && (template == "" || len(found) < len(parameters)) {
			template, parameters = candidate, found
		}
	}
	return template, parameters
}

func matchTemplate(template, rawPath string) (map[string]string, bool) {
	want, got := strings.Split(template, "/"), strings.Split(rawPath, "/")
	if len(want) != len(got) {
		return nil, false
	}
	parameters := map[string]string{}
	for i, segment := range want {
		name, isParameter := strings.CutPrefix(segment, "{")
		if !isParameter {
			if segment != got[i] {
				return nil, false
			}
			continue
		}
		if got[i] == "" {
			return nil, false
		}
		text, err := url.PathUnescape(got[i])
		if err != nil {
			text = got[i] // the server is to refuse it
		}
		parameters[strings.TrimSuffix(name, "}")] = text
	}
	return parameters, true
}
