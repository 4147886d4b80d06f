// Package etag reads the header fields that name entity tags (RFC 9110, section 8.8.3): If-Match and If-None-Match.
package etag

import (
	"errors"
	"strings"
)

// ErrSyntax says that a field is neither `*` nor a list of entity tags.
var ErrSyntax = errors.New(`the field must be * or a list of entity tags such as "1"`)

// List is the value of If-Match or If-None-Match. The zero List matches nothing.
type List struct {
	any  bool
	tags []tag
}

type tag struct {
	opaque string // with its quotes
	weak   bool
}

// Parse reads all lines of one field. The error is ErrSyntax.
func Parse(lines []string) (List, error) {
	var list List
	rest := strings.TrimSpace(strings.Join(lines, ","))
	if rest == "*" {
		return List{any: true}, nil
	}
	for {
		rest = strings.TrimLeft(rest, " \t,") // empty elements are allowed (RFC 9110, section 5.6.1)
		if rest == "" {
			break
		}
		t, after, err := cut(rest)
		if err != nil {
			return List{}, err
		}
		list.tags = append(list.tags, t)
		if rest = strings.TrimLeft(after, " \t"); rest != "" && rest[0] != ',' {
			return List{}, ErrSyntax
		}
	}
	if len(list.tags) == 0 {
		return List{}, ErrSyntax
	}
	return list, nil
}

// cut splits the first entity tag off s.
func cut(s string) (t tag, rest string, err error) {
	s, t.weak = strings.CutPrefix(s, "W/")
	if !strings.HasPrefix(s, `"`) {
		return tag{}, "", ErrSyntax
	}
	end := strings.IndexByte(s[1:], '"')
	if end < 0 {
		return tag{}, "", ErrSyntax
	}
	t.opaque = s[:end+2]
	for i := 1; i <= end; i++ {
		if c := t.opaque[i]; c <= ' ' || c == 0x7f {
			return tag{}, "", ErrSyntax
		}
	}
	return t, s[end+2:], nil
}

// MatchStrong reports whether an existing representation with the strong tag current satisfies If-Match.
func (l List) MatchStrong(current string) bool {
	for _, t := range l.tags {
		if !t.weak && t.opaque == current {
			return true
		}
	}
	return l.any
}

// MatchWeak reports whether an existing representation with the tag current is one that If-None-Match names.
func (l List) MatchWeak(current string) bool {
	for _, t := range l.tags {
		if t.opaque == current {
			return true
		}
	}
	return l.any
}
