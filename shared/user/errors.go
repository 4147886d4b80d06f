package user

import (
	"errors"
	"fmt"
	"strings"
)

// Codes of what can be wrong with a field. They are part of the public API: clients compare them.
const (
	CodeRequired           = "required"            // the field is missing
	CodeType               = "type"                // the value has another JSON type
	CodeNotInteger         = "not-integer"         // the number has a fraction or an exponent
	CodeTooSmall           = "too-small"           // the number is below its bound
	CodeTooLarge           = "too-large"           // the number is above its bound
	CodeTooShort           = "too-short"           // the text has too few characters
	CodeTooLong            = "too-long"            // the text has too many characters
	CodeForbiddenCharacter = "forbidden-character" // the text holds a character that is not allowed
	CodeEncoding           = "encoding"            // the text is not valid UTF-8
	CodeUnknown            = "unknown-field"       // no such field exists
	CodeDuplicate          = "duplicate-field"     // the field is there more than once
	CodeReadOnly           = "read-only"           // the field exists, but this request cannot set it
)

// InvalidError tells why one value is not acceptable.
type InvalidError struct {
	Code   string // one of the Code constants
	Detail string // for a person
}

func (e *InvalidError) Error() string { return e.Detail }

// FieldError is what is wrong with one field of a document.
type FieldError struct {
	Pointer string // JSON pointer in its URI fragment form (RFC 6901, section 6), such as "#/name"
	InvalidError
}

// FieldErrors are all the faults of a well-formed document, in the order of its fields. It is never empty.
type FieldErrors []FieldError

func (e FieldErrors) Error() string {
	details := make([]string, len(e))
	for i, f := range e {
		details[i] = f.Pointer + ": " + f.Detail
	}
	return "invalid user: " + strings.Join(details, "; ")
}

// SyntaxError tells why a document is not a JSON object (RFC 8259, and RFC 7493 as to its text).
type SyntaxError struct {
	Offset int64 // bytes before the fault
	Reason string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("malformed JSON at byte %d: %s", e.Offset, e.Reason)
}

// asInvalid returns err's InvalidError. It is only called with errors of NewName and NewPhoneNumber.
func asInvalid(err error) InvalidError {
	if invalid, ok := errors.AsType[*InvalidError](err); ok {
		return *invalid
	}
	return InvalidError{Code: CodeType, Detail: err.Error()}
}
