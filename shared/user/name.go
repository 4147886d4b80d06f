package user

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/glarimy/ums/shared/user/internal/nfc"
)

// Bounds of a name's length, in characters (Unicode code points), both inclusive.
const (
	MinNameLength = 8
	MaxNameLength = 32
)

// Name identifies a user. It is immutable and comparable; comparison is exact, case-sensitive and binary.
// The zero Name is not a valid name: only [NewName] makes one.
type Name struct {
	value string
}

// NewName makes a Name of s: valid UTF-8, brought to Unicode Normalization Form C, stripped of leading and
// trailing white space, 8 to 32 characters long and free of characters that a person could not see or that
// would turn the text around them. NewName(n.String()) is n for every Name n.
// The error is an [*InvalidError].
func NewName(s string) (Name, error) {
	if !utf8.ValidString(s) {
		return Name{}, &InvalidError{Code: CodeEncoding, Detail: "the name is not valid UTF-8"}
	}
	value := strings.TrimSpace(nfc.String(s))
	if n := utf8.RuneCountInString(value); n < MinNameLength {
		return Name{}, &InvalidError{
			Code:   CodeTooShort,
			Detail: fmt.Sprintf("the name has %d characters; it needs at least %d", n, MinNameLength),
		}
	} else if n > MaxNameLength {
		return Name{}, tooLong("the name", n)
	}
	if err := checkCharacters("the name", value); err != nil {
		return Name{}, err
	}
	return Name{value: value}, nil
}

// String returns the name as it is stored and compared.
func (n Name) String() string { return n.value }

func tooLong(what string, length int) error {
	return &InvalidError{
		Code:   CodeTooLong,
		Detail: fmt.Sprintf("%s has %d characters; it may have at most %d", what, length, MaxNameLength),
	}
}

// checkCharacters returns an error that tells the first character that names may not hold.
func checkCharacters(what, value string) error {
	for _, r := range value {
		if refused(r) {
			return &InvalidError{
				Code:   CodeForbiddenCharacter,
				Detail: fmt.Sprintf("%s holds the character %U, which names may not contain", what, r),
			}
		}
	}
	return nil
}

// refused reports whether names may not hold r: control characters, line and paragraph separators, the byte order
// mark, bidirectional controls and noncharacters. Zero-width joiners stay allowed, as Indic scripts need them.
func refused(r rune) bool {
	switch {
	case r < utf8.RuneSelf, r <= '\u009F':
		return unicode.IsControl(r)
	case r == '\u2028', r == '\u2029', r == '\uFEFF':
		return true
	case r == '\u061C', r == '\u200E', r == '\u200F', '\u202A' <= r && r <= '\u202E', '\u2066' <= r && r <= '\u2069':
		return true
	default:
		return '\uFDD0' <= r && r <= '\uFDEF' || r&0xFFFE == 0xFFFE
	}
}
