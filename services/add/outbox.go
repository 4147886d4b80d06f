package add

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/user"
)

// aggregateType is the outbox's name for what the events are about.
const aggregateType = "user"

// outboxRow is one row of the outbox: what happened to one user, and through whom.
type outboxRow struct {
	kind   string
	user   user.User // as it stands after the change, or stood before its removal
	at     time.Time
	origin origin
}

// origin is where a request came from, for the journal. Empty parts are stored as NULL.
type origin struct {
	actor       string
	requestID   string
	traceparent string
}

// eventData is the payload: the record and the version it is of, so that folding the events gives the table.
type eventData struct {
	user.UserRecord
	Version uint64 `json:"version"`
}

// appendOutbox writes the event in the transaction of the change itself: both happen or neither does.
func appendOutbox(ctx context.Context, tx *sql.Tx, dialect database.Dialect, r outboxRow) error {
	query, args, err := outboxStatement(dialect, r)
	if err != nil {
		return err
	}
	if _, err = tx.ExecContext(ctx, query, args...); err != nil {
		return fmt.Errorf("write the event: %w", err)
	}
	return nil
}

// outboxStatement returns the statement that writes one event or more.
func outboxStatement(dialect database.Dialect, rows ...outboxRow) (query string, args []any, err error) {
	const insert = "INSERT INTO ums_outbox " +
		"(id, aggregatetype, aggregateid, type, payload, actor, request_id, traceparent, occurred_at) " +
		"VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
	const more = ", (?, ?, ?, ?, ?, ?, ?, ?, ?)"
	for _, r := range rows {
		id, err := uuid.NewV7()
		if err != nil {
			return "", nil, fmt.Errorf("make an event's id: %w", err)
		}
		payload, err := json.Marshal(eventData{UserRecord: r.user.Record(), Version: r.user.Version})
		if err != nil {
			return "", nil, fmt.Errorf("encode an event: %w", err)
		}
		args = append(args,
			id.String(), aggregateType, r.user.Name.String(), r.kind, string(payload),
			nullable(r.origin.actor), nullable(r.origin.requestID), nullable(r.origin.traceparent), dialect.Time(r.at))
	}
	return insert + strings.Repeat(more, len(rows)-1), args, nil
}

func nullable(s string) sql.NullString { return sql.NullString{String: s, Valid: s != ""} }
