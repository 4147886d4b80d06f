// Package eventdb reads events from the table ums_outbox, so that all who read it make the same of its rows.
package eventdb

import (
	"database/sql"

	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/event"
)

// Scan returns the event of a row, and its number. The query has selected, in this order, seq, id, aggregateid, type,
// payload, actor, request_id, traceparent and occurred_at.
func Scan(found *sql.Rows) (seq uint64, e event.Event, err error) {
	var (
		at                            database.Time
		actor, requestID, traceparent sql.NullString
	)
	err = found.Scan(&seq, &e.ID, &e.User, &e.Type, &e.Data, &actor, &requestID, &traceparent, &at)
	if err != nil {
		return 0, event.Event{}, err
	}
	e.Source, e.Time, e.Sequence = event.SourceAdd, at.Time, event.Sequence(seq)
	e.Actor, e.RequestID, e.Traceparent = actor.String, requestID.String, traceparent.String
	return seq, e.WithoutMalformedOrigin(), nil
}
