package openapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/glarimy/ums/gateway/config"
)

// view is what the page shows.
type view struct {
	Title       string
	Summary     string
	Description string
	Groups      []group
	Outside     []response
	Schemas     []schema
	Sources     []source
}

// source tells where a slot's part is from.
type source struct{ Slot, From string }

// group is what one slot serves.
type group struct {
	Name        string
	Description string
	Operations  []operation
}

type operation struct {
	ID          string
	Method      string
	Path        string
	Summary     string
	Description string
	Parameters  []field
	Body        *body
	Responses   []response
	Curl        string
}

type body struct {
	Description string
	Contents    []content
}

type content struct {
	MediaType string
	Type      []piece
	Examples  []example
}

type example struct{ Name, Text string }

type response struct {
	Status      string
	Description string
	Headers     []field
	Contents    []content
	Problems    []problemLink
}

// problemLink leads to the documentation of a kind of problem.
type problemLink struct{ Name, URI string }

// viewer reads a composed document for the page.
type viewer struct {
	whole *part
}

// newView makes the page's view of a composed document, in the order of the routes.
func newView(routes []config.Route, composed object) view {
	v := &viewer{whole: &part{root: composed}}
	info := at(composed, "info")
	shown := view{
		Title: text(info, "title"), Summary: text(info, "summary"), Description: text(info, "description"),
		Schemas: v.schemas(),
	}
	for _, tag := range list(composed, "tags") {
		o, _ := tag.(object)
		shown.Groups = append(shown.Groups, group{Name: text(o, "name"), Description: text(o, "description")})
	}
	for _, r := range routes {
		for _, method := range r.Methods {
			op := v.whole.operation(method, r.Path)
			for i := range shown.Groups {
				if tags := list(op, "tags"); len(tags) > 0 && tags[0] == shown.Groups[i].Name {
					shown.Groups[i].Operations = append(shown.Groups[i].Operations, v.operation(method, r.Path, op))
				}
			}
		}
	}
	for _, ref := range outsideResponses(v.whole) {
		shown.Outside = append(shown.Outside, v.response("", ref))
	}
	sources := at(composed, "x-sources")
	for _, slot := range sortedKeys(sources) {
		shown.Sources = append(shown.Sources, source{Slot: slot, From: fmt.Sprint(sources[slot])})
	}
	return shown
}

func (v *viewer) operation(method, path string, op object) operation {
	shown := operation{
		ID: strings.ToLower(method) + strings.NewReplacer("/", "-", "{", "", "}", "").Replace(path), Method: method, Path: path,
		Summary: text(op, "summary"), Description: text(op, "description"), Curl: v.curl(method, path, op),
	}
	for _, parameter := range list(op, "parameters") {
		p := v.whole.resolve(parameter)
		shown.Parameters = append(shown.Parameters, field{
			Name: text(p, "name"), In: text(p, "in"), Required: p["required"] == true,
			Type: describe(at(p, "schema")), Description: text(p, "description"),
		})
	}
	if request := v.whole.resolve(op["requestBody"]); request != nil {
		shown.Body = &body{Description: text(request, "description"), Contents: v.contents(request)}
	}
	responses := at(op, "responses")
	for _, status := range sortedKeys(responses) {
		shown.Responses = append(shown.Responses, v.response(status, responses[status]))
	}
	return shown
}

func (v *viewer) response(status string, value any) response {
	r := v.whole.resolve(value)
	shown := response{Status: status, Description: text(r, "description"), Contents: v.contents(r)}
	headers := at(r, "headers")
	for _, name := range sortedKeys(headers) {
		h := v.whole.resolve(headers[name])
		shown.Headers = append(shown.Headers, field{
			Name: name, Required: h["required"] == true, Type: describe(at(h, "schema")), Description: text(h, "description"),
		})
	}
	examples := at(r, "content", "application/problem+json", "examples")
	for _, name := range sortedKeys(examples) {
		if uri := text(at(examples, name, "value"), "type"); strings.HasPrefix(uri, "https://") {
			shown.Problems = append(shown.Problems, problemLink{Name: name, URI: uri})
		}
	}
	return shown
}

func (v *viewer) contents(o object) []content {
	all := at(o, "content")
	var shown []content
	for _, media := range sortedKeys(all) {
		m := at(all, media)
		one := content{MediaType: media}
		if s := at(m, "schema"); s != nil {
			one.Type = describe(s)
		}
		if value, ok := m["example"]; ok {
			one.Examples = append(one.Examples, example{Text: indent(value)})
		}
		examples := at(m, "examples")
		for _, name := range sortedKeys(examples) {
			one.Examples = append(one.Examples, example{Name: name, Text: indent(at(examples, name)["value"])})
		}
		shown = append(shown, one)
	}
	return shown
}

// curl returns a line that makes the request, with the examples of what it must have.
func (v *viewer) curl(method, path string, op object) string {
	line := "curl -i"
	if method != http.MethodGet {
		line += " -X " + method
	}
	for _, parameter := range list(op, "parameters") {
		p := v.whole.resolve(parameter)
		if value := v.example(p); text(p, "in") == "path" {
			path = strings.ReplaceAll(path, "{"+text(p, "name")+"}", strings.ReplaceAll(url.PathEscape(value), "$", "%24"))
		}
	}
	if request := v.whole.resolve(op["requestBody"]); request != nil {
		if media := at(request, "content", "application/json"); media != nil && media["example"] != nil {
			if value, err := json.Marshal(media["example"]); err == nil {
				line += " -H 'Content-Type: application/json' -d " + quoted(string(value))
			}
		}
	}
	return line + ` "$UMS` + path + `"`
}

// example returns the example of a parameter, or of its schema.
func (v *viewer) example(p object) string {
	if value, ok := p["example"]; ok {
		return fmt.Sprint(value)
	}
	if examples := list(v.whole.resolve(p["schema"]), "examples"); len(examples) > 0 {
		return fmt.Sprint(examples[0])
	}
	return "…"
}

// quoted returns text as one word of a shell's.
func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// indent returns a value as JSON to read, and text as it is.
func indent(value any) string {
	if s, ok := value.(string); ok {
		return s
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(value); err != nil {
		return "" // of a document that came as YAML or JSON: cannot happen
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func sortedKeys(o object) []string { return slices.Sorted(maps.Keys(o)) }
