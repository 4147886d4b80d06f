package usercache

import (
	"strings"
	"unicode/utf8"

	"github.com/glarimy/ums/shared/user"
)

// The forms of a key's value. No prefix begins another.
const (
	userPrefix  = "user:"
	noneValue   = "none:"
	leasePrefix = "lease:"
	fencePrefix = "fence:"
)

// maxValueLength bounds what is accepted as a user, in bytes. A record is shorter than 600: a name of 32 characters
// takes 384 bytes if each is escaped as a surrogate pair.
const maxValueLength = 1024

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

// decode reads a value. Redis is outside of this program's trust: what does not look exactly like a record made by
// [NewEntry] is malformed. Whatever begins like a fence is one.
func decode(value string) held {
	switch {
	case strings.HasPrefix(value, userPrefix):
		if e, ok := decodeEntry(value[len(userPrefix):]); ok {
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

func decodeEntry(s string) (Entry, bool) {
	n := etagLength(s)
	if n == 0 || len(s) > maxValueLength || !isRecord(s[n:]) {
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

// isRecord reports whether s has the outline of a record and nothing that could not be part of one: it is one line of
// valid UTF-8. It is not parsed; that is what a hit saves.
func isRecord(s string) bool {
	if !strings.HasPrefix(s, `{"name":"`) || !strings.HasSuffix(s, `Z"}`) || !utf8.ValidString(s) {
		return false
	}
	for i := range len(s) {
		if s[i] < ' ' {
			return false
		}
	}
	return true
}
