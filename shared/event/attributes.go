package event

import (
	"time"
)

// Names of the attributes: those of CloudEvents with the prefix of its binary modes.
const (
	attrSpecVersion = "ce_specversion"
	attrID          = "ce_id"
	attrSource      = "ce_source"
	attrType        = "ce_type"
	attrSubject     = "ce_subject"
	attrTime        = "ce_time"
	attrSequence    = "ce_sequence"
	attrActor       = "ce_actor"
	attrRequestID   = "ce_requestid"
	attrTraceparent = "ce_traceparent"
)

// specVersion is the version of CloudEvents.
const specVersion = "1.0"

// timeForm is RFC 3339 in UTC, in the whole microseconds that databases keep.
const timeForm = "2006-01-02T15:04:05.000000Z07:00"

// Attribute is one attribute as it travels beside the data.
type Attribute struct {
	Name  string // such as ce_id
	Value string
}

// Attributes returns the attributes of e that are not empty, always in the same order.
func (e Event) Attributes() []Attribute {
	all := [...]Attribute{
		{attrSpecVersion, specVersion},
		{attrID, e.ID},
		{attrSource, e.Source},
		{attrType, e.Type},
		{attrSubject, e.User},
		{attrTime, e.Time.UTC().Format(timeForm)},
		{attrSequence, e.Sequence},
		{attrActor, e.Actor},
		{attrRequestID, e.RequestID},
		{attrTraceparent, e.Traceparent},
	}
	attributes := make([]Attribute, 0, len(all))
	for _, a := range all {
		if a.Value != "" {
			attributes = append(attributes, a)
		}
	}
	return attributes
}

// FromAttributes makes the event of which get tells the attributes. It is strict: what is missing or not well-formed is
// a [*MalformedError]. Attributes that it does not know are others' extensions and pass. The event keeps data as it is.
func FromAttributes(get func(name string) (value string, ok bool), data []byte) (Event, error) {
	value := func(name string) string { v, _ := get(name); return v }
	switch version, ok := get(attrSpecVersion); {
	case !ok:
		return Event{}, malformed(attrSpecVersion, "is missing")
	case version != specVersion:
		return Event{}, malformed(attrSpecVersion, "is not "+specVersion)
	}
	at, err := parseTime(value(attrTime))
	if err != nil {
		return Event{}, err
	}
	e := Event{
		ID:          value(attrID),
		Source:      value(attrSource),
		Type:        value(attrType),
		User:        value(attrSubject),
		Time:        at,
		Sequence:    value(attrSequence),
		Actor:       value(attrActor),
		RequestID:   value(attrRequestID),
		Traceparent: value(attrTraceparent),
		Data:        data,
	}
	if err := e.Validate(); err != nil {
		return Event{}, err
	}
	return e, nil
}

// parseTime reads RFC 3339 with any offset and any fraction, of which microseconds are kept.
func parseTime(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, malformed(attrTime, "is missing")
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return time.Time{}, malformed(attrTime, "is not a moment of RFC 3339")
	}
	return t.UTC().Truncate(time.Microsecond), nil
}
