package journal

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/lease"
)

// Status is how far the journal has the outbox.
type Status struct {
	Walked uint64    // every event up to this sequence is in the journal, but for the gaps
	Gaps   int       // sequences that were not there yet when they were looked for
	Behind uint64    // at most so many events are yet to come
	Oldest time.Time // when the first of them occurred; zero where there is none
	Leader lease.State
}

// ReadStatus reads how the journal stands, and changes nothing.
func ReadStatus(ctx context.Context, db *database.DB) (s Status, err error) {
	var encoded string
	err = db.QueryRowContext(ctx, "SELECT walked_seq, gaps FROM ums_journal_progress WHERE id = 1").Scan(&s.Walked, &encoded)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return Status{}, fmt.Errorf("read the journal's progress: %w", err)
	}
	if encoded != "" {
		open, err := decodeGaps(encoded)
		if err != nil {
			return Status{}, fmt.Errorf("read the journal's progress: %w", err)
		}
		s.Gaps = len(open)
	}
	const waiting = "SELECT (SELECT MAX(seq) FROM ums_outbox) - seq + 1, occurred_at FROM ums_outbox " +
		"WHERE seq > ? ORDER BY seq LIMIT 1"
	var oldest database.Time
	err = db.QueryRowContext(ctx, waiting, s.Walked).Scan(&s.Behind, &oldest)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return Status{}, fmt.Errorf("read what the journal does not have yet: %w", err)
	}
	s.Oldest = oldest.Time
	s.Leader, err = lease.Read(ctx, db, leaseName)
	return s, err
}
