package schema

import (
	"errors"
	"fmt"
)

// ErrMissing says that no migration has been applied to the database.
var ErrMissing = errors.New("the database has no schema yet: run `migrate up`")

// errNotChecked is what a gate answers before its first look.
var errNotChecked = errors.New("the database's schema has not been looked at yet")

// DirtyError says that a migration is running, or was interrupted.
type DirtyError struct {
	Version uint64 // the version that was being reached; 0 is the empty schema
}

func (e *DirtyError) Error() string {
	return fmt.Sprintf("the schema is dirty at version %d: a migration is running or was interrupted; "+
		"if none is running, `migrate status` says what to do", e.Version)
}

// TooOldError says that the schema lacks what this program needs.
type TooOldError struct {
	Version  uint64 // of the schema
	Required uint64 // by this program
}

func (e *TooOldError) Error() string {
	return fmt.Sprintf("the schema is at version %d and this program needs %d: run `migrate up`", e.Version, e.Required)
}

// FloorError says that the schema is newer than this program and does not allow programs as old as this one.
type FloorError struct {
	Version uint64 // of the schema
	Known   uint64 // the newest version that this program knows
	Floor   uint64 // the newest version that a program must know at least; 0 where the schema does not say
}

func (e *FloorError) Error() string {
	if e.Floor == 0 {
		return fmt.Sprintf("the schema is newer (%d) than this program (%d) and does not say how old a program may be: "+
			"use a newer program", e.Version, e.Known)
	}
	return fmt.Sprintf("the schema is newer (%d) than this program (%d) and its floor (%d) forbids programs this old: "+
		"use a newer program", e.Version, e.Known, e.Floor)
}
