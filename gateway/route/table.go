package route

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// Entry is one line of a table: where requests of some methods for a pattern go.
type Entry[T any] struct {
	Pattern Pattern
	Methods []string
	Value   T
}

// Table finds the place of a path among patterns. It is immutable, and safe for concurrent use; looking up allocates
// nothing.
type Table[T any] struct {
	root node[T]
}

// Path is everything that a table holds for one pattern.
type Path[T any] struct {
	pattern string
	allow   string
	values  map[string]T
}

// node is a prefix of patterns, in whole segments.
type node[T any] struct {
	literals map[string]*node[T]
	param    *node[T]
	path     *Path[T]
}

// NewTable returns a table of the entries. Two entries that conflict (see Pattern.ConflictWith) or that claim one
// method of one pattern are an error. A GET serves HEAD too.
func NewTable[T any](entries []Entry[T]) (*Table[T], error) {
	t := new(Table[T])
	for i, e := range entries {
		for _, other := range entries[:i] {
			if reason := e.Pattern.ConflictWith(other.Pattern); reason != "" {
				return nil, fmt.Errorf("routes %s and %s: %s", other.Pattern, e.Pattern, reason)
			}
		}
		if err := t.insert(e); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// Match returns what the table holds for a path, whose percent-encoding is not touched, or nil. Where a literal and a
// parameter both match, the literal wins.
func (t *Table[T]) Match(path string) *Path[T] {
	if !strings.HasPrefix(path, "/") {
		return nil
	}
	if path == "/" {
		return t.root.path
	}
	return t.root.match(path[1:])
}

// Pattern returns the pattern that matched.
func (p *Path[T]) Pattern() string { return p.pattern }

// Allow returns the value of the Allow header for this path: every method that it takes, HEAD and OPTIONS included.
func (p *Path[T]) Allow() string { return p.allow }

// Value returns where a request with this method goes; HEAD goes where GET does.
func (p *Path[T]) Value(method string) (value T, ok bool) {
	if method == http.MethodHead {
		method = http.MethodGet
	}
	value, ok = p.values[method]
	return value, ok
}

func (t *Table[T]) insert(e Entry[T]) error {
	n := &t.root
	for _, s := range e.Pattern.segments {
		n = n.child(s)
	}
	if n.path == nil {
		n.path = &Path[T]{pattern: e.Pattern.String(), values: make(map[string]T)}
	}
	for _, method := range e.Methods {
		if _, taken := n.path.values[method]; taken {
			return fmt.Errorf("two routes for %s %s", method, e.Pattern)
		}
		n.path.values[method] = e.Value
	}
	n.path.allow = allow(n.path.values)
	return nil
}

// child returns the node below n for a segment of a pattern, and makes it if need be.
func (n *node[T]) child(s segment) *node[T] {
	if s.param {
		if n.param == nil {
			n.param = new(node[T])
		}
		return n.param
	}
	if n.literals == nil {
		n.literals = make(map[string]*node[T])
	}
	if n.literals[s.text] == nil {
		n.literals[s.text] = new(node[T])
	}
	return n.literals[s.text]
}

// match walks down by the first segment of rest. When the literal branch ends nowhere the parameter is tried, so that
// /a/b/c and /a/{x}/d both find their paths; since a table holds no two patterns of equal rank, the first hit is the
// narrowest pattern.
func (n *node[T]) match(rest string) *Path[T] {
	first, rest, more := strings.Cut(rest, "/")
	if first == "" {
		return nil
	}
	if next := n.literals[first]; next != nil {
		if p := next.end(rest, more); p != nil {
			return p
		}
	}
	if n.param != nil {
		return n.param.end(rest, more)
	}
	return nil
}

// end returns n's own path if nothing is left to match, else what matches further down.
func (n *node[T]) end(rest string, more bool) *Path[T] {
	if !more {
		return n.path
	}
	return n.match(rest)
}

func allow[T any](values map[string]T) string {
	methods := []string{http.MethodOptions}
	for method := range values {
		methods = append(methods, method)
		if method == http.MethodGet {
			methods = append(methods, http.MethodHead)
		}
	}
	slices.Sort(methods)
	return strings.Join(methods, ", ")
}
