package add

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/user"
	"github.com/glarimy/ums/shared/userdb"
)

// aggregateType is the outbox's name for what the events are about.
const aggregateType = "user"

// outboxRow is one row of the outbox: what happened to one user, and through whom.
type outboxRow struct {
	kind   string
	user   user.User // as it stands after the change, or stood before its removal
	at     time.Time
	origin origin

	// addsUser says that the user is yet to be added, by a statement that goes to the database before the event's in the
	// same packet: MySQL alone takes two.
	addsUser bool
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
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("make an event's id: %w", err)
	}
	payload, err := json.Marshal(eventData{UserRecord: r.user.Record(), Version: r.user.Version})
	if err != nil {
		return fmt.Errorf("encode an event: %w", err)
	}
	const query = "INSERT INTO ums_outbox " +
		"(id, aggregatetype, aggregateid, type, payload, actor, request_id, traceparent, occurred_at) " +
		"VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
	args := []any{
		id.String(), aggregateType, r.user.Name.String(), r.kind, string(payload),
		nullable(r.origin.actor), nullable(r.origin.requestID), nullable(r.origin.traceparent), dialect.Time(r.at),
	}
	if r.addsUser {
		first, before := userdb.AddStatement(r.user, dialect)
		_, err = tx.ExecContext(ctx, first+"; "+query, append(before, args...)...)
		return userdb.AddError(err)
	}
	if _, err = tx.ExecContext(ctx, query, args...); err != nil {
		return fmt.Errorf("write the event: %w", err)
	}
	return nil
}

func nullable(s string) sql.NullString { return sql.NullString{String: s, Valid: s != ""} }
