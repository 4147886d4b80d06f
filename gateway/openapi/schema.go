package openapi

import (
	"fmt"
	"slices"
	"strings"
)

// piece is a part of a line: text, or a link to a schema on the page.
type piece struct {
	Text string
	Link string // the schema's name, or ""
}

// describe says in a line what a schema takes: its type, its bounds, and links to the schemas that it is made of.
func describe(s object) []piece {
	const deepest = 6
	return describeTo(deepest, s)
}

func describeTo(depth int, s object) []piece {
	if depth == 0 {
		return []piece{{Text: "…"}}
	}
	if name, ok := schemaName(s); ok {
		return []piece{{Text: name, Link: name}}
	}
	for _, key := range []string{"anyOf", "oneOf"} {
		if choices := list(s, key); len(choices) > 0 {
			return join(depth, choices, " or ")
		}
	}
	if choices := list(s, "allOf"); len(choices) > 0 {
		return join(depth, choices, " and ")
	}
	kind := typeOf(s)
	if items := at(s, "items"); items != nil {
		pieces := append([]piece{{Text: "array of "}}, describeTo(depth-1, items)...)
		return append(pieces, piece{Text: limits(s)})
	}
	return []piece{{Text: kind + limits(s)}}
}

func join(depth int, choices []any, word string) []piece {
	var pieces []piece
	for i, choice := range choices {
		if i > 0 {
			pieces = append(pieces, piece{Text: word})
		}
		o, _ := choice.(object)
		pieces = append(pieces, describeTo(depth-1, o)...)
	}
	return pieces
}

// schemaName returns the name of the schema that s refers to.
func schemaName(s object) (string, bool) {
	c, rest, ok := reference(text(s, "$ref"))
	return c.name, ok && rest == "" && c.section == "schemas"
}

func typeOf(s object) string {
	switch kind := s["type"].(type) {
	case string:
		return kind
	case []any:
		kinds := make([]string, len(kind))
		for i, k := range kind {
			kinds[i] = fmt.Sprint(k)
		}
		return strings.Join(kinds, " or ")
	default:
		return "any value"
	}
}

// limits says the bounds of a schema, with a comma before each.
func limits(s object) string {
	var b strings.Builder
	for _, l := range []struct{ key, form string }{
		{"format", ", %v"},
		{"const", ", always %v"},
		{"minimum", ", from %v"},
		{"maximum", ", to %v"},
		{"minLength", ", %v characters or more"},
		{"maxLength", ", %v characters at most"},
		{"minItems", ", %v or more"},
		{"maxItems", ", %v at most"},
		{"pattern", ", of the form %v"},
		{"default", ", %v if absent"},
	} {
		if value, ok := s[l.key]; ok {
			fmt.Fprintf(&b, l.form, value)
		}
	}
	if values := list(s, "enum"); len(values) > 0 {
		words := make([]string, len(values))
		for i, v := range values {
			words[i] = fmt.Sprint(v)
		}
		fmt.Fprintf(&b, ", one of %s", strings.Join(words, ", "))
	}
	return b.String()
}

// schema is one of the components, as the page shows it.
type schema struct {
	Name        string
	Description string
	Type        []piece
	Fields      []field
	Example     string
}

// field is one row of a table: a parameter, a header, or a member of an object.
type field struct {
	Name        string
	In          string // of a parameter
	Required    bool
	Type        []piece
	Description string
}

func (v *viewer) schemas() []schema {
	all := at(v.whole.root, "components", "schemas")
	names := sortedKeys(all)
	shown := make([]schema, 0, len(names))
	for _, name := range names {
		s := at(all, name)
		one := schema{Name: name, Description: text(s, "description"), Type: describe(s), Fields: v.members(s)}
		if examples := list(s, "examples"); len(examples) > 0 {
			one.Example = indent(examples[0])
		}
		shown = append(shown, one)
	}
	return shown
}

// members returns the rows for an object's members: first those that must be there, in the order in which the schema
// names them.
func (v *viewer) members(s object) []field {
	properties := at(s, "properties")
	var names, required []string
	for _, name := range list(s, "required") {
		if name, ok := name.(string); ok && properties[name] != nil {
			required = append(required, name)
		}
	}
	names = append(names, required...)
	for _, name := range sortedKeys(properties) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	fields := make([]field, 0, len(names))
	for _, name := range names {
		p := at(properties, name)
		fields = append(fields, field{
			Name: name, Required: slices.Contains(required, name), Type: describe(p), Description: text(p, "description"),
		})
	}
	return fields
}
