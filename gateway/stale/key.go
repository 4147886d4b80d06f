package stale

import (
	"strings"

	"github.com/glarimy/ums/gateway/route"
)

// Key returns a raw path in the form in which equal ones are found, by RFC 3986, section 6.2.2: characters that need no
// percent-encoding are without it, hexadecimal digits are large, and what may stand in no URI is encoded. So a write to
// /user/Krishna%4dohan drops what is kept for /user/KrishnaMohan. A path that is in this form already, as most are, is
// returned as it is.
func Key(path string) string {
	path = route.Encode(path)
	if strings.IndexByte(path, '%') < 0 {
		return path
	}
	var b strings.Builder
	b.Grow(len(path))
	for i := 0; i < len(path); i++ {
		if path[i] != '%' || i+2 >= len(path) {
			b.WriteByte(path[i])
			continue
		}
		high, ok1 := hex(path[i+1])
		low, ok2 := hex(path[i+2])
		if !ok1 || !ok2 {
			b.WriteByte('%')
			continue
		}
		const digits = "0123456789ABCDEF"
		if c := high<<4 | low; unreserved(c) {
			b.WriteByte(c)
		} else {
			b.WriteByte('%')
			b.WriteByte(digits[high])
			b.WriteByte(digits[low])
		}
		i += 2
	}
	return b.String()
}

// hex returns the value of a hexadecimal digit.
func hex(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10, true
	}
	return 0, false
}

// unreserved reports whether a character never needs percent-encoding (RFC 3986, section 2.3).
func unreserved(c byte) bool {
	return 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || strings.IndexByte("-._~", c) >= 0
}
