package route

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Template is a request target with parameters, such as "/journal?user={name}&limit=20", that is filled with segments of
// another request's path. It is immutable.
type Template struct {
	text   string
	pieces []piece
}

// piece is a text that stands for itself, or a parameter.
type piece struct {
	text    string // of a parameter: its name
	param   bool
	inQuery bool
}

// ParseTemplate reads a template: a path as ParsePattern reads it, and behind a "?" a query in which a {parameter} may
// stand anywhere. The error says in one clause what is wrong with it.
func ParseTemplate(text string) (Template, error) {
	path, query, hasQuery := strings.Cut(text, "?")
	pattern, err := ParsePattern(path)
	if err != nil {
		return Template{}, err
	}
	t := Template{text: text}
	if len(pattern.segments) == 0 {
		t.pieces = append(t.pieces, piece{text: "/"})
	}
	for _, s := range pattern.segments {
		t.pieces = append(t.pieces, piece{text: "/"}, piece{text: s.text, param: s.param})
	}
	if hasQuery {
		t.pieces = append(t.pieces, piece{text: "?"})
		if err := t.addQuery(query); err != nil {
			return Template{}, err
		}
	}
	return t, nil
}

func (t *Template) addQuery(query string) error {
	for query != "" {
		before, after, found := strings.Cut(query, "{")
		if err := checkTemplateQuery(before); err != nil {
			return err
		}
		t.pieces = append(t.pieces, piece{text: before, inQuery: true})
		if !found {
			return nil
		}
		name, rest, closed := strings.Cut(after, "}")
		if !closed || !isParamName(name) {
			return fmt.Errorf("%q in the query is no parameter: its name is letters, digits and _, a letter first", "{"+after)
		}
		t.pieces = append(t.pieces, piece{text: name, param: true, inQuery: true})
		query = rest
	}
	return nil
}

// checkTemplateQuery checks the text between two parameters: it may hold what RFC 3986 lets stand in a query.
func checkTemplateQuery(text string) error {
	for i := range len(text) {
		switch c := text[i]; {
		case c == '%':
			if i+2 >= len(text) || !isHex(text[i+1]) || !isHex(text[i+2]) {
				return errors.New(`a "%" in the query is not followed by two hexadecimal digits`)
			}
		case !isUnreserved(c) && !strings.ContainsRune("!$&'()*+,;=:@/?", rune(c)):
			return fmt.Errorf("the query holds %q, which is to be percent-encoded", c)
		}
	}
	return nil
}

// String returns the template as it was written.
func (t Template) String() string { return t.text }

// Parameters returns the names of the parameters, each once.
func (t Template) Parameters() []string {
	var names []string
	for _, p := range t.pieces {
		if p.param && !slices.Contains(names, p.text) {
			names = append(names, p.text)
		}
	}
	return names
}

// Fill returns the target with the parameters' values put in, which are segments of a path that ParseTarget has let
// pass. In the path they stand as they are. In the query the bytes that mean something there and nothing in a path,
// such as "+" and "&", are percent-encoded; what is percent-encoded already stays so. Either way whoever decodes the
// parameter once finds what the client has sent.
func (t Template) Fill(value func(name string) string) Target {
	var b strings.Builder
	for _, p := range t.pieces {
		switch {
		case p.param && p.inQuery:
			writeQueryValue(&b, value(p.text))
		case p.param:
			b.WriteString(value(p.text))
		default:
			b.WriteString(p.text)
		}
	}
	return split(b.String())
}

func writeQueryValue(b *strings.Builder, segment string) {
	for i := range len(segment) {
		if c := segment[i]; isUnreserved(c) || c == '%' {
			b.WriteByte(c)
		} else {
			writeEncoded(b, c)
		}
	}
}

// Parameters returns the names of the parameters in their order.
func (p Pattern) Parameters() []string {
	var names []string
	for _, s := range p.segments {
		if s.param {
			names = append(names, s.text)
		}
	}
	return names
}

// Capture returns the raw segments of a path that stand for the parameters, or false if the path does not match.
func (p Pattern) Capture(path string) (map[string]string, bool) {
	if len(p.segments) == 0 {
		return nil, path == "/"
	}
	if !strings.HasPrefix(path, "/") {
		return nil, false
	}
	parts := strings.Split(path[1:], "/")
	if len(parts) != len(p.segments) {
		return nil, false
	}
	values := make(map[string]string)
	for i, s := range p.segments {
		switch {
		case parts[i] == "" || !s.param && parts[i] != s.text:
			return nil, false
		case s.param:
			values[s.text] = parts[i]
		}
	}
	return values, true
}
