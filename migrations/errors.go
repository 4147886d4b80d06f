package migrations

import (
	"errors"
	"fmt"
	"time"
)

// Why a database could not be used. A [*ConnectError] is one of them.
var (
	ErrUnreachable     = errors.New("database unreachable")
	ErrAccessDenied    = errors.New("access denied")
	ErrUnknownDatabase = errors.New("unknown database")
	ErrUnusable        = errors.New("database unusable") // anything else: no SQLite file, a certificate, a parameter
)

// ConnectError says that the database could not be used at all, and why.
type ConnectError struct {
	Database string // the URL without user and password
	Reason   error  // one of the sentinels above
	Err      error  // in the words of the driver or of the operating system
}

func (e *ConnectError) Error() string {
	switch {
	case errors.Is(e.Reason, ErrUnreachable):
		return fmt.Sprintf("cannot reach the database %s: %v: is it running, and is the address right?", e.Database, e.Err)
	case errors.Is(e.Reason, ErrAccessDenied):
		return fmt.Sprintf("the database %s refuses the user: %v: check user and password", e.Database, e.Err)
	case errors.Is(e.Reason, ErrUnknownDatabase):
		return fmt.Sprintf("there is no database %s: %v: create it, or correct the URL", e.Database, e.Err)
	default:
		return fmt.Sprintf("cannot use the database %s: %v", e.Database, e.Err)
	}
}

// Unwrap makes errors.Is find the reason and what the driver said.
func (e *ConnectError) Unwrap() []error { return []error{e.Reason, e.Err} }

// LockedError says that another run held the lock for all the time that was allowed.
type LockedError struct {
	Holder string        // who holds it, as far as the database tells; may be empty
	Waited time.Duration // the lock timeout
}

func (e *LockedError) Error() string {
	holder := e.Holder
	if holder == "" {
		holder = "someone unknown"
	}
	return fmt.Sprintf("another migration holds the lock (%s) and did not end within %v: "+
		"wait for it, or allow more with -lock-timeout", holder, e.Waited)
}

// DirtyError says that an earlier run was interrupted between the start and the end of a migration.
type DirtyError struct {
	Version uint64 // the version that was being reached; 0 is the empty schema
	Advice  string // what to do, from what is found in the database
}

func (e *DirtyError) Error() string {
	return fmt.Sprintf("the schema is dirty at version %d: a migration was interrupted: %s", e.Version, e.Advice)
}

// NewerError says that the schema is at a version for which this program has no files, so it cannot change it.
type NewerError struct {
	Version uint64 // of the schema
	Known   uint64 // the newest version that this program knows
}

func (e *NewerError) Error() string {
	return fmt.Sprintf("the schema is newer (%d) than this program (%d), which has no files to go from there: "+
		"use the newer program", e.Version, e.Known)
}

// UnknownVersionError says that there is no migration of this number.
type UnknownVersionError struct {
	Version uint64
	Known   uint64 // the newest version that this program knows
}

func (e *UnknownVersionError) Error() string {
	return fmt.Sprintf("there is no migration %d: the newest is %d", e.Version, e.Known)
}

// StepError says that the database refused a migration's statement, or that the connection broke while it ran.
type StepError struct {
	Step Step
	Err  error
}

func (e *StepError) Error() string {
	return fmt.Sprintf("migration %s failed: %v: the schema is now marked dirty; "+
		"`migrate status` says how to go on", e.Step, e.Err)
}

func (e *StepError) Unwrap() error { return e.Err }

// StoppedError says that the context ended and that the run stopped where nothing is half done.
type StoppedError struct {
	Version uint64 // of the schema, which is clean
	Left    int    // migrations that were to be run yet
	Err     error  // the cause of the context's end
}

func (e *StoppedError) Error() string {
	return fmt.Sprintf("stopped at version %d with %d left to do, nothing is half done: %v", e.Version, e.Left, e.Err)
}

func (e *StoppedError) Unwrap() error { return e.Err }
