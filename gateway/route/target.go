package route

import "strings"

// Target is a request target (RFC 9112, section 3.2) as the client sent it: split, but neither decoded nor cleaned.
type Target struct {
	Path     string // begins with "/"
	Query    string // what follows the first "?"
	HasQuery bool   // a "?" was there, though perhaps nothing after it

	raw string // in origin form
}

// TargetError is why a request target was refused. The reason is fit for a client's eyes.
type TargetError struct {
	Reason string
}

func (e *TargetError) Error() string { return "request target refused: " + e.Reason }

// ParseTarget splits a request target in origin form ("/path?query") or absolute form ("http://host/path?query", of
// which the path and query remain). Every error is a *TargetError. Refused are:
//
//   - the other forms: authority ("host:port") and asterisk ("*");
//   - control characters, spaces and "#" anywhere, and "\" in the path, none of which a URI may hold and all of which
//     some servers take for something else;
//   - "%" in the path that two hexadecimal digits do not follow;
//   - dot segments, also percent-encoded ones: URL parsers that follow the WHATWG standard read "%2e%2e" as "..".
//
// Bytes above ASCII, and the other characters that may stand in no URI, pass, since many clients send them unencoded;
// [Target.String] encodes them.
func ParseTarget(raw string) (Target, error) {
	rest, err := stripAuthority(raw)
	if err != nil {
		return Target{}, err
	}
	if !strings.HasPrefix(rest, "/") { // "http://host", "http://host?query"
		rest = "/" + rest
	}
	t := split(rest)
	if err := checkPath(t.Path); err != nil {
		return Target{}, err
	}
	if err := checkQuery(t.Query); err != nil {
		return Target{}, err
	}
	return t, nil
}

// split returns the target that raw is in origin form.
func split(raw string) Target {
	t := Target{raw: raw}
	t.Path, t.Query, t.HasQuery = strings.Cut(raw, "?")
	return t
}

// String returns the target in origin form, as it goes on: byte for byte what ParseTarget was given in that form, but for
// what [Encode] encodes. HTTP parsers of many languages refuse that as it is.
func (t Target) String() string { return Encode(t.raw) }

// Encode percent-encodes those bytes of a target that may stand in no URI (RFC 3986, appendix A). It means the same so. A
// target without any is returned as it is.
func Encode(target string) string {
	foreign := 0
	for i := range len(target) {
		if isForeign(target[i]) {
			foreign++
		}
	}
	if foreign == 0 {
		return target
	}
	var b strings.Builder
	b.Grow(len(target) + 2*foreign)
	for i := range len(target) {
		if c := target[i]; isForeign(c) {
			writeEncoded(&b, c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// writeEncoded writes a byte percent-encoded (RFC 3986, section 2.1).
func writeEncoded(b *strings.Builder, c byte) {
	const digits = "0123456789ABCDEF"
	b.Write([]byte{'%', digits[c>>4], digits[c&15]})
}

// stripAuthority removes the scheme and authority of an absolute-form target.
func stripAuthority(raw string) (string, error) {
	if strings.HasPrefix(raw, "/") {
		return raw, nil
	}
	scheme, rest, found := strings.Cut(raw, "://")
	if !found || !(strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https")) {
		return "", &TargetError{Reason: "it is neither a path nor an http URL"}
	}
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	if end == 0 {
		return "", &TargetError{Reason: "the URL has no host"}
	}
	return rest[end:], nil
}

func checkPath(path string) error {
	segment := 1 // where the current segment begins
	for i := range len(path) {
		switch c := path[i]; {
		case c == '/':
			if i > 0 && isDotSegment(path[segment:i]) {
				return errDotSegment()
			}
			segment = i + 1
		case c == '%':
			if i+2 >= len(path) || !isHex(path[i+1]) || !isHex(path[i+2]) {
				return &TargetError{Reason: `a "%" in the path is not followed by two hexadecimal digits; encode it as %25`}
			}
		case c == '\\':
			return &TargetError{Reason: `the path holds a backslash; encode it as %5C`}
		case !isAllowed(c):
			return errForbiddenByte()
		}
	}
	if isDotSegment(path[segment:]) {
		return errDotSegment()
	}
	return nil
}

func checkQuery(query string) error {
	for i := range len(query) {
		if !isAllowed(query[i]) {
			return errForbiddenByte()
		}
	}
	return nil
}

func errDotSegment() error {
	return &TargetError{Reason: `the path holds a "." or ".." segment, which is not resolved here`}
}

func errForbiddenByte() error {
	return &TargetError{Reason: `it holds a space, a control character or a "#"; percent-encode it`}
}

// isDotSegment reports whether a segment is "." or "..", each dot plain or percent-encoded.
func isDotSegment(segment string) bool {
	dots := 0
	for segment != "" {
		switch {
		case segment[0] == '.':
			segment = segment[1:]
		case len(segment) >= 3 && segment[0] == '%' && segment[1] == '2' && segment[2]|0x20 == 'e':
			segment = segment[3:]
		default:
			return false
		}
		dots++
	}
	return dots == 1 || dots == 2
}

// isAllowed reports whether a byte may stand in a target at all.
func isAllowed(c byte) bool { return c > ' ' && c != 0x7f && c != '#' }

// isForeign reports whether a byte that isAllowed may nevertheless stand in no URI. Brackets may not, either, outside of
// an address, but no parser is known to mind them, and many queries have some.
func isForeign(c byte) bool {
	switch c {
	case '"', '<', '>', '\\', '^', '`', '{', '|', '}':
		return true
	}
	return c >= 0x80
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f'
}
