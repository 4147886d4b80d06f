package http1

// Sets of ASCII characters, as bits of the lower and the upper 64.
const (
	// tchar of RFC 9110, section 5.6.2: !#$%&'*+-.^_`|~ digits letters.
	tokenLow  uint64 = 0x03ff6cfa00000000
	tokenHigh uint64 = 0x57ffffffc7fffffe
	// What may stand in host[:port] (RFC 3986, section 3.2): unreserved, sub-delims, "%", ":", "[" and "]".
	hostLow  uint64 = 0x2fff7ff200000000 &^ (1 << '/')
	hostHigh uint64 = 0x47fffffe2ffffffe | 1<<('_'-64)
)

func in(low, high uint64, c byte) bool {
	switch {
	case c < 64:
		return low>>c&1 == 1
	case c < 128:
		return high>>(c-64)&1 == 1
	default:
		return false
	}
}

// IsToken reports whether s is a token (RFC 9110, section 5.6.2), as methods and the names of fields are.
func IsToken(s string) bool {
	for i := range len(s) {
		if !in(tokenLow, tokenHigh, s[i]) {
			return false
		}
	}
	return s != ""
}

// IsHost reports whether s may be the value of Host: nothing but characters of a host and port, possibly none.
func IsHost(s string) bool {
	for i := range len(s) {
		if !in(hostLow, hostHigh, s[i]) {
			return false
		}
	}
	return true
}

// isValue reports whether s may be the value of a field (RFC 9110, section 5.5): no control characters but tabs.
func isValue(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}

// trim removes the optional white space around a value.
func trim(s string) string {
	for s != "" && (s[0] == ' ' || s[0] == '\t') {
		s = s[1:]
	}
	for s != "" && (s[len(s)-1] == ' ' || s[len(s)-1] == '\t') {
		s = s[:len(s)-1]
	}
	return s
}

// EqualFold reports whether two names of fields are the same, without regard to the case of ASCII letters.
func EqualFold(s, t string) bool {
	if len(s) != len(t) {
		return false
	}
	for i := range len(s) {
		if a, b := s[i], t[i]; a != b && (a|0x20 != b|0x20 || a|0x20 < 'a' || a|0x20 > 'z') {
			return false
		}
	}
	return true
}

// HasToken reports whether a comma-separated list holds a token, without regard to case.
func HasToken(list, token string) bool {
	found := false
	EachToken(list, func(t string) { found = found || EqualFold(t, token) })
	return found
}

// EachToken calls f with each member of a comma-separated list that is not empty.
func EachToken(list string, f func(string)) {
	for start, i := 0, 0; i <= len(list); i++ {
		if i == len(list) || list[i] == ',' {
			if t := trim(list[start:i]); t != "" {
				f(t)
			}
			start = i + 1
		}
	}
}
