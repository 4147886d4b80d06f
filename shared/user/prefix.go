package user

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/glarimy/ums/shared/user/internal/nfc"
)

// NamePrefix is what the names that somebody looks for begin with. It is immutable and comparable; names and prefixes
// are compared character by character, in Normalization Form C.
// The zero NamePrefix is not a valid prefix: only [NewNamePrefix] makes one.
type NamePrefix struct {
	value string
}

// NewNamePrefix makes a NamePrefix of s, which goes through what a name goes through: it must be valid UTF-8, is brought
// to Normalization Form C, and loses the white space before it. White space at its end stays, as it tells the first word
// of a name from the beginning of a longer word. It has 1 to 32 characters, none of which is one that names may not hold.
// The error is an [*InvalidError].
func NewNamePrefix(s string) (NamePrefix, error) {
	if !utf8.ValidString(s) {
		return NamePrefix{}, &InvalidError{Code: CodeEncoding, Detail: "the beginning of a name is not valid UTF-8"}
	}
	value := strings.TrimLeftFunc(nfc.String(s), unicode.IsSpace)
	if value == "" {
		return NamePrefix{}, &InvalidError{
			Code: CodeTooShort, Detail: "the beginning of a name has no characters; it needs at least one",
		}
	}
	if n := utf8.RuneCountInString(value); n > MaxNameLength {
		return NamePrefix{}, tooLong("the beginning of a name", n)
	}
	if err := checkCharacters("the beginning of a name", value); err != nil {
		return NamePrefix{}, err
	}
	return NamePrefix{value: value}, nil
}

// String returns the prefix as it is compared.
func (p NamePrefix) String() string { return p.value }

// End returns the first text, in the order of names, that comes after every name with this prefix: those names are the
// ones from String() on that lie before End().
func (p NamePrefix) End() string {
	runes := []rune(p.value)
	last := len(runes) - 1
	runes[last] = successor(runes[last])
	return string(runes)
}

// successor returns the next character that UTF-8 can encode. There is one after each that a prefix can hold, as the
// last of all, U+10FFFF, is a noncharacter.
func successor(r rune) rune {
	const lastBeforeSurrogates, firstAfterSurrogates = '\uD7FF', '\uE000'
	if r == lastBeforeSurrogates {
		return firstAfterSurrogates
	}
	return r + 1
}
