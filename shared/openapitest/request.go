package openapitest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"

	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"

	"github.com/glarimy/ums/shared/user"
)

// CheckRequest returns why the document refuses a request, or nil. Of the exchange it looks at the request alone.
func (d *Document) CheckRequest(e Exchange) error {
	template, parameters := d.match(e.path())
	if template == "" {
		return fmt.Errorf("the document does not have the path %s", e.path())
	}
	item := d.spec.Paths.Value(template)
	found := item.Operations()[e.Method]
	if found == nil {
		return fmt.Errorf("the document does not have %s %s", e.Method, template)
	}
	return d.checkRequest(&operation{Operation: found, item: item, template: template, parameters: parameters}, e)
}

// checkRequest wants a request that was carried out to be one that the document describes. Names are brought to the form
// first in which they are kept, as the document says of them.
func (d *Document) checkRequest(o *operation, e Exchange) error {
	target, err := url.ParseRequestURI(e.Target)
	if err != nil {
		return err
	}
	query := url.Values{}
	for name, values := range target.Query() {
		if o.Parameters.GetByInAndName("query", name) == nil {
			return fmt.Errorf("the document does not have the parameter %s", name)
		}
		for _, value := range values {
			query.Add(name, normal(value))
		}
	}
	path := map[string]string{}
	for name, value := range o.parameters {
		path[name] = normal(value)
	}
	target.RawQuery = query.Encode()
	header := e.RequestHeader.Clone()
	input := &openapi3filter.RequestValidationInput{
		Request:    &http.Request{Method: e.Method, URL: target, Header: header},
		PathParams: path,
		Route:      &routers.Route{Spec: d.spec, Path: o.template, PathItem: o.item, Method: e.Method, Operation: o.Operation},
		Options:    &openapi3filter.Options{ExcludeRequestBody: e.RequestBody == nil, MultiError: true},
	}
	if len(e.RequestBody) > 0 {
		body, err := normalJSON(e.RequestBody)
		if err != nil {
			return err
		}
		input.Request.Body, input.Request.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	}
	if err := openapi3filter.ValidateRequest(context.Background(), input); err != nil {
		return fmt.Errorf("the document refuses the request: %w", err)
	}
	return nil
}

// normal returns a name as it is kept, and any other text as it is.
func normal(text string) string {
	if name, err := user.NewName(text); err == nil {
		return name.String()
	}
	return text
}

func normalJSON(body []byte) ([]byte, error) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, fmt.Errorf("the body is no JSON: %w", err)
	}
	return json.Marshal(normalValue(value))
}

func normalValue(value any) any {
	switch value := value.(type) {
	case string:
		return normal(value)
	case []any:
		value = slices.Clone(value)
		for i := range value {
			value[i] = normalValue(value[i])
		}
		return value
	case map[string]any:
		out := make(map[string]any, len(value))
		for k, v := range value {
			out[k] = normalValue(v)
		}
		return out
	default:
		return value
	}
}
