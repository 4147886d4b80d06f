package usercache

import (
	"strings"

	"github.com/glarimy/ums/shared/user"
)

// The forms of a key's value. No prefix begins another.
const (
	userPrefix  = "user:"
	noneValue   = "none:"
	leasePrefix = "lease:"
	fencePrefix = "fence:"
)

// Entry is a user as the cache keeps it: what a response is made of, without any further work.
type Entry struct {
	etag   string
	record string
}

// NewEntry returns the entry of u.
func NewEntry(u user.User) Entry {
	return Entry{etag: u.ETag(), record: string(u.Record().AppendJSON(nil))}
}

// ETag returns the strong entity tag, quotes included.
func (e Entry) ETag() string { return e.etag }

// Record returns the user record as JSON, to be written as it is.
func (e Entry) Record() string { return e.record }

func (e Entry) encode() string { return userPrefix + e.etag + e.record }

// kind is what a look at a key came upon.
type kind uint8

const (
	unreachable kind = iota // nothing: Redis failed or was not asked
	absent                  // no value
	malformed               // a value that this package did not make
	found                   // a user
	missing                 // a user known not to exist
	lease
	fence
	kinds // how many there are
)

// held is what a key holds.
type held struct {
	kind  kind
	entry Entry  // of a found user
	text  string // the token of a lease or fence; all of a malformed value
}

// decode reads a value of the key of the user called name. Redis is outside of this program's trust, and a reply could
// be another key's: what is not to the letter what [NewEntry] makes of that user is malformed. Whatever begins like a
// fence is one.
func decode(value, name string) held {
	switch {
	case strings.HasPrefix(value, userPrefix):
		if e, ok := decodeEntry(value[len(userPrefix):], name); ok {
			return held{kind: found, entry: e}
		}
	case value == noneValue:
		return held{kind: missing}
	case strings.HasPrefix(value, leasePrefix):
		return held{kind: lease, text: value[len(leasePrefix):]}
	case strings.HasPrefix(value, fencePrefix):
		return held{kind: fence, text: value[len(fencePrefix):]}
	}
	return held{kind: malformed, text: value}
}

func decodeEntry(s, name string) (Entry, bool) {
	n := etagLength(s)
	if n == 0 || !isRecord(s[n:], name) {
		return Entry{}, false
	}
	return Entry{etag: s[:n], record: s[n:]}, true
}

// etagLength returns the length of the entity tag that s begins with, or 0: quote, digits, hyphen, digits, quote.
func etagLength(s string) int {
	if s == "" || s[0] != '"' {
		return 0
	}
	since := digits(s[1:])
	hyphen := 1 + since
	if since == 0 || hyphen >= len(s) || s[hyphen] != '-' {
		return 0
	}
	version := digits(s[hyphen+1:])
	quote := hyphen + 1 + version
	if version == 0 || quote >= len(s) || s[quote] != '"' {
		return 0
	}
	return quote + 1
}

func digits(s string) int {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return i
		}
	}
	return len(s)
}

// isRecord reports whether s is a record of the user called name. Nothing is parsed, which is what a hit saves: the
// name is compared, and of the other fields the characters are looked at.
func isRecord(s, name string) bool {
	s, ok := strings.CutPrefix(s, `{"name":"`)
	n := quotedLength(s, name)
	if !ok || n == 0 {
		return false
	}
	s, ok = strings.CutPrefix(s[n:], `","phone":`)
	n = digits(s)
	if !ok || n == 0 {
		return false
	}
	s, ok = strings.CutPrefix(s[n:], `,"since":"`)
	n = timeLength(s)
	return ok && n > 0 && s[n:] == `"}`
}

// quotedLength returns how much of s is name as JSON writes it (RFC 8259, section 7), or 0 where s begins otherwise.
// Names hold none of the control characters that would be escaped too.
func quotedLength(s, name string) int {
	n := 0
	for i := range len(name) {
		if name[i] == '"' || name[i] == '\\' {
			if n >= len(s) || s[n] != '\\' {
				return 0
			}
			n++
		}
		if n >= len(s) || s[n] != name[i] {
			return 0
		}
		n++
	}
	return n
}

// timeLength returns how much of s could be a moment (RFC 3339).
func timeLength(s string) int {
	for i := range len(s) {
		switch c := s[i]; {
		case '0' <= c && c <= '9', c == '-', c == ':', c == '.', c == 'T', c == 'Z':
		default:
			return i
		}
	}
	return len(s)
}
