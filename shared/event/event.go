// Package event is the envelope of all that happens to users: CloudEvents 1.0 in binary mode, where attributes travel
// beside the data and the data stays as it is. It knows of no transport: any that has headers or fields will do.
package event

import (
	"fmt"
	"time"
)

// Types of events (CloudEvents 1.0, attribute type). A reader must pass over a type that it does not know.
const (
	TypeAdded    = "com.glarimy.ums.user.added"
	TypeChanged  = "com.glarimy.ums.user.changed"
	TypeRemoved  = "com.glarimy.ums.user.removed"
	TypeFound    = "com.glarimy.ums.user.found"
	TypeSearched = "com.glarimy.ums.user.searched"
)

// Sources of events (attribute source): the slots, whoever fills them.
const (
	SourceAdd    = "/ums/add"
	SourceFind   = "/ums/find"
	SourceSearch = "/ums/search"
)

// ContentType is what the data of every event is.
const ContentType = "application/json"

// Event is one event. Strings are UTF-8 without control characters and noncharacters, as CloudEvents demands.
type Event struct {
	// ID is a UUID. Whatever arrives twice with the same one is the same event.
	ID string

	// Source is where it happened, and Type what: see the constants.
	Source string
	Type   string

	// User is the name of the user that it happened to. It is the attribute subject and the key of partitions: the
	// events of one user keep their order. It may be empty where Type is not that of a change.
	User string

	// Time is when it happened, in UTC and whole microseconds.
	Time time.Time

	// Sequence orders the changes of a user, and of all users of one database: 20 digits that compare as text does.
	// Reads have none.
	Sequence string

	// Actor is who did it, RequestID through which request, Traceparent in which trace (W3C Trace Context); each may be
	// empty.
	Actor       string
	RequestID   string
	Traceparent string

	// Data is one JSON value. It is never reformatted.
	Data []byte
}

// IsChange reports whether the event is one of those that the outbox carries: it changed a user. Such an event always
// has a Sequence and a User.
func (e Event) IsChange() bool {
	return e.Type == TypeAdded || e.Type == TypeChanged || e.Type == TypeRemoved
}

// Sequence writes n as the attribute sequence.
func Sequence(n uint64) string { return fmt.Sprintf("%020d", n) }

// WithoutMalformedOrigin returns e without those of Actor, RequestID and Traceparent that are not well-formed. Nothing
// depends on them, so they are no reason to hold a change back.
func (e Event) WithoutMalformedOrigin() Event {
	if text(attrActor, e.Actor, maxName) != nil {
		e.Actor = ""
	}
	if visible(attrRequestID, e.RequestID, maxRequestID) != nil {
		e.RequestID = ""
	}
	if !ValidTraceparent(e.Traceparent) {
		e.Traceparent = ""
	}
	return e
}
