package event

import (
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"
)

// MalformedError says what of an event is missing or not well-formed. It holds no part of the data.
type MalformedError struct {
	Attribute string // such as ce_id, or data
	Reason    string
}

func (e *MalformedError) Error() string {
	return fmt.Sprintf("the event is malformed: %s %s", e.Attribute, e.Reason)
}

func malformed(attribute, reason string) error {
	return &MalformedError{Attribute: attribute, Reason: reason}
}

// Bounds of what an event may hold: what the tables keep, and the size up to which CloudEvents promises delivery.
const (
	MaxData      = 64 << 10 // bytes
	maxName      = 255      // characters of source, type, user and actor
	maxRequestID = 128
)

const (
	uuidLength     = 36
	sequenceDigits = 20
)

// Validate returns a [*MalformedError] for the first thing that is wrong with e.
func (e Event) Validate() error {
	for _, check := range []func() error{
		e.validateIdentity, e.validateSubject, e.validateTime, e.validateSequence, e.validateOrigin, e.validateData,
	} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (e Event) validateIdentity() error {
	if e.ID == "" {
		return malformed(attrID, "is missing")
	}
	if len(e.ID) != uuidLength || uuid.Validate(e.ID) != nil {
		return malformed(attrID, "is not a UUID")
	}
	if err := visible(attrSource, e.Source, maxName); err != nil {
		return err
	}
	if _, err := url.Parse(e.Source); err != nil {
		return malformed(attrSource, "is not a URI reference")
	}
	return visible(attrType, e.Type, maxName)
}

func (e Event) validateSubject() error {
	if e.User == "" && e.IsChange() {
		return malformed(attrSubject, "is missing")
	}
	return text(attrSubject, e.User, maxName)
}

func (e Event) validateTime() error {
	switch t := e.Time.UTC(); {
	case e.Time.IsZero():
		return malformed(attrTime, "is missing")
	case t.Year() < 1 || t.Year() > 9999:
		return malformed(attrTime, "is not within the years of RFC 3339")
	case t.Nanosecond()%1000 != 0:
		return malformed(attrTime, "is not in whole microseconds")
	}
	return nil
}

func (e Event) validateSequence() error {
	if e.Sequence == "" {
		if e.IsChange() {
			return malformed(attrSequence, "is missing")
		}
		return nil
	}
	// Without a sign, and small enough: 20 digits can be more than 64 bits hold.
	if _, err := strconv.ParseUint(e.Sequence, 10, 64); err != nil || len(e.Sequence) != sequenceDigits {
		return malformed(attrSequence, "is not a number of 20 digits")
	}
	return nil
}

func (e Event) validateOrigin() error {
	if err := text(attrActor, e.Actor, maxName); err != nil {
		return err
	}
	if e.RequestID != "" {
		if err := visible(attrRequestID, e.RequestID, maxRequestID); err != nil {
			return err
		}
	}
	if e.Traceparent != "" && !ValidTraceparent(e.Traceparent) {
		return malformed(attrTraceparent, "is not of W3C Trace Context")
	}
	return nil
}

func (e Event) validateData() error {
	switch {
	case len(e.Data) == 0:
		return malformed(attrData, "is missing")
	case len(e.Data) > MaxData:
		return malformed(attrData, fmt.Sprintf("is longer than %d bytes", MaxData))
	case !jsontext.Value(e.Data).IsValid():
		return malformed(attrData, "is not one JSON value")
	}
	return nil
}

// attrData is what errors call the data.
const attrData = "data"

// traceparentForm is version 00 of W3C Trace Context, section 3.2.2.
var traceparentForm = regexp.MustCompile(`^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$`)

// ValidTraceparent reports whether s has the form of W3C Trace Context, version 00.
func ValidTraceparent(s string) bool { return traceparentForm.MatchString(s) }

// visible checks what must be there and consist of visible ASCII characters.
func visible(attribute, s string, longest int) error {
	switch {
	case s == "":
		return malformed(attribute, "is missing")
	case len(s) > longest:
		return malformed(attribute, fmt.Sprintf("is longer than %d characters", longest))
	}
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return malformed(attribute, "has other than visible ASCII characters")
		}
	}
	return nil
}

// text checks what may be any String of CloudEvents (section 3.1, type system), or empty.
func text(attribute, s string, longest int) error {
	switch {
	case !utf8.ValidString(s):
		return malformed(attribute, "is not UTF-8")
	case utf8.RuneCountInString(s) > longest:
		return malformed(attribute, fmt.Sprintf("is longer than %d characters", longest))
	}
	for _, r := range s {
		if r < ' ' || r >= 0x7f && r <= 0x9f || isNoncharacter(r) {
			return malformed(attribute, "has control characters or noncharacters")
		}
	}
	return nil
}

func isNoncharacter(r rune) bool { return r >= 0xfdd0 && r <= 0xfdef || r&0xfffe == 0xfffe }
