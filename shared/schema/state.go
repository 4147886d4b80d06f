package schema

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/go-sql-driver/mysql"
)

const (
	versionQuery = "SELECT version, dirty FROM schema_migrations LIMIT 1"
	floorQuery   = "SELECT min_version FROM ums_schema_floor WHERE id = 1"

	mysqlNoSuchTable = 1146 // ER_NO_SUCH_TABLE
)

// Querier is what [Read] needs of a database: *sql.DB, *sql.Conn and *sql.Tx have it.
type Querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// State is how far migrations have come on one database.
type State struct {
	Version uint64 // the newest version that was applied, 0 when there is none
	Dirty   bool   // a migration to Version is running, or was interrupted
	Floor   uint64 // the version that a program must know at least, 0 where the schema does not say
}

// Read looks at the database. A database without the tables is at version 0, which is not an error.
func Read(ctx context.Context, db Querier) (State, error) {
	var s State
	var version int64 // golang-migrate writes -1 while it goes down to the empty schema
	err := db.QueryRowContext(ctx, versionQuery).Scan(&version, &s.Dirty)
	if isAbsent(err) {
		return State{}, nil
	}
	if err != nil {
		return State{}, fmt.Errorf("read the version of the schema: %w", err)
	}
	s.Version = uint64(max(version, 0))

	err = db.QueryRowContext(ctx, floorQuery).Scan(&s.Floor)
	if err != nil && !isAbsent(err) {
		return State{}, fmt.Errorf("read the floor of the schema: %w", err)
	}
	return s, nil
}

// Allows returns nil if a program that knows all versions up to known, and needs the version required, can work on
// this schema. Otherwise it returns [ErrMissing], a [*DirtyError], a [*TooOldError] or a [*FloorError].
func (s State) Allows(known, required uint64) error {
	switch {
	case s.Dirty:
		return &DirtyError{Version: s.Version}
	case s.Version == 0:
		return ErrMissing
	case s.Version < required:
		return &TooOldError{Version: s.Version, Required: required}
	case s.Floor > known, s.Version > known && s.Floor == 0:
		return &FloorError{Version: s.Version, Known: known, Floor: s.Floor}
	}
	return nil
}

// isAbsent reports whether err says that there is no such row or no such table.
func isAbsent(err error) bool {
	if err == nil {
		return false
	}
	if errors.Is(err, sql.ErrNoRows) {
		return true
	}
	if refused, ok := errors.AsType[*mysql.MySQLError](err); ok {
		return refused.Number == mysqlNoSuchTable
	}
	// SQLite has no code of its own for this.
	return strings.Contains(err.Error(), "no such table")
}
