package route

import (
	"errors"
	"fmt"
	"strings"
)

// Pattern is a path with parameters, such as "/user/{name}". A parameter stands for exactly one segment that is not
// empty; every other segment stands for its own bytes. It is immutable.
type Pattern struct {
	text     string
	segments []segment
}

// segment is one part of a pattern between two slashes.
type segment struct {
	text  string // of a parameter: its name
	param bool
}

// ParsePattern reads a pattern. The error says in one clause what is wrong with it.
func ParsePattern(text string) (Pattern, error) {
	if !strings.HasPrefix(text, "/") {
		return Pattern{}, errors.New(`a path begins with "/"`)
	}
	p := Pattern{text: text}
	if text == "/" {
		return p, nil
	}
	for part := range strings.SplitSeq(text[1:], "/") {
		s, err := parseSegment(part)
		if err != nil {
			return Pattern{}, err
		}
		if s.param && p.hasParam(s.text) {
			return Pattern{}, fmt.Errorf("the parameter {%s} is there twice", s.text)
		}
		p.segments = append(p.segments, s)
	}
	return p, nil
}

// String returns the pattern as it was written.
func (p Pattern) String() string { return p.text }

// ConflictWith says why one table cannot hold both p and q, or returns "" if it can. Two patterns for the same paths
// are no conflict: they share a place in the table, and their methods are added up.
func (p Pattern) ConflictWith(q Pattern) string {
	if len(p.segments) != len(q.segments) {
		return ""
	}
	var pNarrower, qNarrower, renamed bool
	for i, a := range p.segments {
		b := q.segments[i]
		switch {
		case a.param && b.param:
			renamed = renamed || a.text != b.text
		case a.param:
			qNarrower = true
		case b.param:
			pNarrower = true
		case a.text != b.text:
			return "" // no path matches both
		}
	}
	switch {
	case pNarrower && qNarrower:
		return "some paths match both, and neither is the narrower one"
	case renamed && !pNarrower && !qNarrower:
		return "they match the same paths; name the parameters alike"
	default:
		return ""
	}
}

func (p Pattern) hasParam(name string) bool {
	for _, s := range p.segments {
		if s.param && s.text == name {
			return true
		}
	}
	return false
}

func parseSegment(part string) (segment, error) {
	switch {
	case part == "":
		return segment{}, errors.New("a path has no empty segment and no slash at its end")
	case isDotSegment(part):
		return segment{}, fmt.Errorf("%q is a dot segment, which no request may hold", part)
	case strings.HasPrefix(part, "{") && strings.HasSuffix(part, "}"):
		name := part[1 : len(part)-1]
		if !isParamName(name) {
			return segment{}, fmt.Errorf("%q is no parameter: its name is letters, digits and _, a letter first", part)
		}
		return segment{text: name, param: true}, nil
	}
	for i := range len(part) {
		if !isUnreserved(part[i]) {
			return segment{}, fmt.Errorf("%q holds %q: a segment is either a {parameter} or letters, digits and -._~",
				part, part[i])
		}
	}
	return segment{text: part}, nil
}

func isParamName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !isLetter(c) && !(i > 0 && (c == '_' || '0' <= c && c <= '9')) {
			return false
		}
	}
	return s != ""
}

// isUnreserved reports whether c is one of RFC 3986's unreserved characters, the only ones that a URI writes in one way.
func isUnreserved(c byte) bool {
	return isLetter(c) || '0' <= c && c <= '9' || c == '-' || c == '.' || c == '_' || c == '~'
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
