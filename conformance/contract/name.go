package contract

import (
	"math/rand/v2"
	"strings"
)

const userPrefix = "/user/"

// alphabet is what random parts of names are made of: letters that every layer leaves alone.
const alphabet = "abcdefghijklmnopqrstuvwxyz0123456789"

// random returns n random letters and digits.
func random(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[rand.IntN(len(alphabet))]
	}
	return string(b)
}

// newName returns a plain name that nobody else uses.
func newName() string { return "conf" + random(12) }

// randomTail is how long the random part of a filled-in sample is: 36^10 keep it from being anyone else's.
const randomTail = 10

// fill replaces the mark ◆ in a sample by random letters, so that it is a name nobody else uses.
func fill(sample string) string { return replaceTail(sample, random(randomTail)) }

// replaceTail fills several samples with the same letters.
func replaceTail(sample, tail string) string { return strings.ReplaceAll(sample, "◆", tail) }

// newPhone returns a valid phone number with room above for some hundred more.
func newPhone() uint64 {
	const low, high = 9_000_000_000, 999_999_000_000_000
	return low + rand.Uint64N(high-low)
}

// pick returns n random choices of the options, joined.
func pick(n int, options ...string) string {
	var b strings.Builder
	for range n {
		b.WriteString(options[rand.IntN(len(options))])
	}
	return b.String()
}

// Encodings of a name as one segment of a path (RFC 3986, section 3.3). All of them mean the same name.
const (
	upperHex = "0123456789ABCDEF"
	lowerHex = "0123456789abcdef"
	// pathMarks are the marks that may stand for themselves in a segment, beside letters, digits and unreserved marks.
	pathMarks = "!$&'()*+,;=:@"
)

// userPath returns a user's path: everything but unreserved characters is encoded.
func userPath(name string) string { return userPrefix + encode(name, upperHex, isUnreserved) }

func isUnreserved(c byte) bool {
	return 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || strings.IndexByte("-._~", c) >= 0
}

// mayStand reports whether a byte may stand for itself in a segment.
func mayStand(c byte) bool { return isUnreserved(c) || strings.IndexByte(pathMarks, c) >= 0 }

func never(byte) bool { return false }

// encode writes bytes as %XX unless they are to be kept.
func encode(s, hex string, keep func(byte) bool) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; keep(c) {
			b.WriteByte(c)
		} else {
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		}
	}
	return b.String()
}
