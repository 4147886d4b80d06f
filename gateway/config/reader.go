package config

import (
	"fmt"
	"slices"

	"go.yaml.in/yaml/v4"
)

// reader walks the nodes of a file and gathers its faults. It goes through nodes rather than decode into structs,
// because only nodes have lines, and because one fault must not hide the next.
type reader struct {
	file   string
	lookup Lookup
	faults Errors
}

func (r *reader) fault(n *yaml.Node, format string, args ...any) {
	r.faults = append(r.faults, &Error{File: r.file, Line: n.Line, Message: fmt.Sprintf(format, args...)})
}

// mapping returns the values of a mapping by key. A key that is not among the known ones or comes twice is a fault.
// Without known keys, every key is welcome. It reports whether n is a mapping at all; what names n in messages.
func (r *reader) mapping(n *yaml.Node, what string, known ...string) (map[string]*yaml.Node, bool) {
	n = follow(n)
	if n.Kind != yaml.MappingNode {
		r.fault(n, "%s should be a mapping (key: value), and is %s", what, kind(n))
		return nil, false
	}
	fields := make(map[string]*yaml.Node, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch {
		case key.Kind != yaml.ScalarNode:
			r.fault(key, "a key in %s is %s, and should be a word", what, kind(key))
		case fields[key.Value] != nil:
			r.fault(key, "%q is twice in %s, first on line %d", key.Value, what, fields[key.Value].Line)
		case len(known) > 0 && !slices.Contains(known, key.Value):
			r.fault(key, "unknown key %q in %s%s", key.Value, what, suggest(key.Value, known))
		default:
			fields[key.Value] = value
		}
	}
	return fields, true
}

// sequence returns the items of a list; what names it in messages.
func (r *reader) sequence(n *yaml.Node, what string) []*yaml.Node {
	list := follow(n)
	if list.Kind != yaml.SequenceNode {
		r.fault(n, "%s should be a list, and is %s", what, kind(list))
		return nil
	}
	if len(list.Content) == 0 {
		r.fault(n, "%s is empty", what)
	}
	return list.Content
}

// text returns a single value with the environment's variables put in; what names it in messages. It reports whether
// there is one.
func (r *reader) text(n *yaml.Node, what string) (string, bool) {
	scalar := follow(n)
	if scalar.Kind != yaml.ScalarNode || scalar.Tag == "!!null" {
		r.fault(n, "%s should be a single value, and is %s", what, kind(scalar))
		return "", false
	}
	value, err := expand(scalar.Value, r.lookup)
	if err != nil {
		r.fault(n, "%s: %v", what, err)
		return "", false
	}
	return value, true
}

// required returns the value of a key that must be there, or nil after reporting that it is not.
func (r *reader) required(n *yaml.Node, fields map[string]*yaml.Node, key, what string) *yaml.Node {
	value := fields[key]
	if value == nil {
		r.fault(n, "%s has no %q", what, key)
	}
	return value
}

// follow returns what an alias stands for, and any other node as it is. The result may hold aliases again, even of
// itself; that does no harm, because the walk's depth is that of the format.
func follow(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// kind names a node's kind as a person would.
func kind(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "a mapping"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.Tag == "!!null":
		return "empty"
	default:
		return "a single value"
	}
}
