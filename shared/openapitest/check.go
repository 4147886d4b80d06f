package openapitest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"

	"github.com/glarimy/ums/shared/problem"
)

// Exchange is a request and the answer to it.
type Exchange struct {
	Method        string
	Target        string // the request target as it was sent, such as /user/Krishna%2FMohan?x=y
	RequestHeader http.Header
	RequestBody   []byte // nil where it is not known
	Status        int
	Header        http.Header
	Body          []byte // of an answer that is no stream
}

// path returns the raw path of the target.
func (e Exchange) path() string {
	path, _, _ := strings.Cut(e.Target, "?")
	return path
}

func (e Exchange) problem() bool { return mediaType(e.Header) == problem.ContentType }

// Check returns how an exchange differs from what the document promises, or nil. Of a request that was carried out it
// also wants that the document describes it.
func (d *Document) Check(e Exchange) error {
	response, operation, err := d.promise(e)
	if err != nil {
		return fmt.Errorf("%s %s: %w", e.Method, e.Target, err)
	}
	checks := []error{checkHeaders(response, e), d.checkResponse(response, e)}
	if e.problem() && e.Method != http.MethodHead {
		checks = append(checks, checkProblem(e))
	}
	if operation != nil && e.Status < http.StatusMultipleChoices {
		checks = append(checks, d.checkRequest(operation, e))
	}
	if err := errors.Join(checks...); err != nil {
		return fmt.Errorf("%s %s: %d %.300q: %w", e.Method, e.Target, e.Status, e.Body, err)
	}
	return nil
}

// operation is what the document says of one method of one path.
type operation struct {
	*openapi3.Operation
	item       *openapi3.PathItem
	template   string
	parameters map[string]string // of the path
}

// promise returns what the document promises as the answer to a request, and the operation if it is that of one.
func (d *Document) promise(e Exchange) (*openapi3.Response, *operation, error) {
	if isHTTPError(e) {
		response, err := d.component(httpError)
		return response, nil, err
	}
	template, parameters := d.match(e.path())
	if template == "" {
		response, err := d.component(routeNotFound)
		return response, nil, errors.Join(err, wantStatus(e, http.StatusNotFound))
	}
	item := d.spec.Paths.Value(template)
	method := e.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	found := item.Operations()[method]
	if found == nil && e.Method == http.MethodOptions && d.spec.Components.Responses[options] != nil {
		response, err := d.component(options)
		return response, nil, errors.Join(err, wantStatus(e, http.StatusNoContent))
	}
	if found == nil {
		response, err := d.component(methodNotAllowed)
		return response, nil, errors.Join(err, wantStatus(e, http.StatusMethodNotAllowed), d.checkAllow(item, e))
	}
	ref := found.Responses.Value(strconv.Itoa(e.Status))
	if ref == nil {
		return nil, nil, fmt.Errorf("%s %s answers %d, which the document does not have: %.300q",
			method, template, e.Status, e.Body)
	}
	return ref.Value, &operation{Operation: found, item: item, template: template, parameters: parameters}, nil
}

func (d *Document) component(name string) (*openapi3.Response, error) {
	ref := d.spec.Components.Responses[name]
	if ref == nil {
		return nil, fmt.Errorf("the document has no response %s among its components", name)
	}
	return ref.Value, nil
}

// isHTTPError reports whether the server answered before it knew what was asked for.
func isHTTPError(e Exchange) bool {
	var p problem.Problem
	if !e.problem() || json.Unmarshal(e.Body, &p) != nil {
		return false
	}
	early := []problem.Type{
		problem.ExpectationFailed, problem.HeadersTooLarge, problem.UnsupportedTransferCoding, problem.UnsupportedHTTPVersion,
		problem.InvalidRequestTarget,
	}
	return slices.ContainsFunc(early, func(t problem.Type) bool { return p.Type == t.URI() }) ||
		p.Type == problem.MalformedRequest.URI() && p.Instance == ""
}

func wantStatus(e Exchange, want int) error {
	if e.Status != want {
		return fmt.Errorf("the document does not have this operation, so that %d is wanted, and not %d: %.300q",
			want, e.Status, e.Body)
	}
	return nil
}

// checkAllow holds Allow against the methods that the document has for the path.
func (d *Document) checkAllow(item *openapi3.PathItem, e Exchange) error {
	var want []string
	for method := range item.Operations() {
		want = append(want, method)
		if method == http.MethodGet {
			want = append(want, http.MethodHead)
		}
	}
	if d.spec.Components.Responses[options] != nil {
		want = append(want, http.MethodOptions)
	}
	got := strings.Split(e.Header.Get("Allow"), ", ")
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		return fmt.Errorf("the path allows %q, and the document has %q", got, want)
	}
	return nil
}

// checkHeaders looks for headers that the document does not have, and in answers to HEAD for those that it demands.
func checkHeaders(response *openapi3.Response, e Exchange) error {
	known := []string{ // those of every message
		"Connection", "Content-Length", "Content-Type", "Date", "Trailer", "Transfer-Encoding",
	}
	var errs []error
	for name, header := range response.Headers {
		name = http.CanonicalHeaderKey(name)
		known = append(known, name)
		if _, there := e.Header[name]; header.Value.Required && !there {
			errs = append(errs, fmt.Errorf("the header %s is missing", name))
		}
	}
	for name := range e.Header {
		if !slices.Contains(known, name) {
			errs = append(errs, fmt.Errorf("the document does not have the header %s", name))
		}
	}
	return errors.Join(errs...)
}

// checkResponse holds headers and body against their schemas.
func (d *Document) checkResponse(response *openapi3.Response, e Exchange) error {
	if len(response.Content) == 0 && len(e.Body) > 0 {
		return errors.New("there is a body where the document has none")
	}
	described := &openapi3.Operation{Responses: openapi3.NewResponses(
		openapi3.WithStatus(e.Status, &openapi3.ResponseRef{Value: response}))}
	request := &http.Request{Method: http.MethodGet} // of HEAD kin-openapi looks at nothing at all
	input := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{
			Request: request, Route: &routers.Route{Spec: d.spec, Operation: described},
		},
		Status: e.Status,
		Header: e.Header,
		Body:   io.NopCloser(bytes.NewReader(e.Body)),
		Options: &openapi3filter.Options{
			IncludeResponseStatus: true,
			ExcludeResponseBody:   e.Method == http.MethodHead || !isJSON(e.Header),
			MultiError:            true,
		},
	}
	if len(response.Content) > 0 && response.Content.Get(mediaType(e.Header)) == nil {
		return fmt.Errorf("the document does not have the media type %q", e.Header.Get("Content-Type"))
	}
	return openapi3filter.ValidateResponse(context.Background(), input)
}

// checkProblem wants a problem to be one that package problem knows, and its status that of the answer. The document
// leaves room for more members; this server has none.
func checkProblem(e Exchange) error {
	var p problem.Problem
	decoder := json.NewDecoder(bytes.NewReader(e.Body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&p); err != nil {
		return fmt.Errorf("the problem cannot be read: %w", err)
	}
	if p.Status != e.Status {
		return fmt.Errorf("the problem tells of status %d", p.Status)
	}
	known := func(t problem.Type) bool { return t.URI() == p.Type && t.Status() == p.Status && t.Title() == p.Title }
	if !slices.ContainsFunc(problem.Types(), known) {
		return errors.New("there is no such kind of problem")
	}
	return nil
}

func mediaType(h http.Header) string {
	media, _, _ := mime.ParseMediaType(h.Get("Content-Type"))
	return media
}

func isJSON(h http.Header) bool {
	media := mediaType(h)
	return media == "application/json" || strings.HasSuffix(media, "+json")
}
