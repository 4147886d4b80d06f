package journal

import (
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/glarimy/ums/shared/event"
)

// record is one row of ums_journal: an event and its place in the journal.
type record struct {
	position   uint64
	event      event.Event
	recordedAt time.Time
}

// timeForm is RFC 3339 in UTC, in the whole microseconds that databases keep: that of events on the bus.
const timeForm = "2006-01-02T15:04:05.000000Z"

// appendJSON appends the record as one JSON object without white space, in the JSON format of CloudEvents 1.0. The
// attributes are named as on the bus; recordedtime and position are added. A position is text, as integers of CloudEvents
// have 32 bits. Attributes without a value are left out.
func (r record) appendJSON(dst []byte) []byte {
	e := r.event
	dst = append(dst, `{"specversion":"1.0"`...)
	for _, a := range [...]struct{ name, value string }{
		{"id", e.ID},
		{"source", e.Source},
		{"type", e.Type},
		{"subject", e.User},
		{"time", e.Time.UTC().Format(timeForm)},
		{"sequence", e.Sequence},
		{"actor", e.Actor},
		{"requestid", e.RequestID},
		{"traceparent", e.Traceparent},
		{"recordedtime", r.recordedAt.UTC().Format(timeForm)},
		{"position", strconv.FormatUint(r.position, 10)},
	} {
		if a.value != "" {
			dst = append(dst, `,"`...)
			dst = append(dst, a.name...)
			dst = append(dst, `":`...)
			dst = appendText(dst, a.value)
		}
	}
	dst = append(dst, `,"data":`...)
	if jsontext.Value(e.Data).IsValid() {
		dst = append(dst, e.Data...)
	} else { // the outbox takes any text, and the journal whatever the outbox has
		dst = appendText(dst, string(e.Data))
	}
	return append(dst, '}')
}

// appendText appends a JSON string. What is not UTF-8, which only another program can have stored, is replaced.
func appendText(dst []byte, text string) []byte {
	dst, _ = jsontext.AppendQuote(dst, text)
	return dst
}

// appendPage appends one page as JSON: `{"events":[…],"next":"…"}`, where next is null on the last page.
func appendPage(dst []byte, records []record, next string) []byte {
	dst = append(dst, `{"events":[`...)
	for i, r := range records {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = r.appendJSON(dst)
	}
	dst = append(dst, `],"next":`...)
	if next == "" {
		return append(dst, `null}`...)
	}
	return append(appendText(dst, next), '}')
}
