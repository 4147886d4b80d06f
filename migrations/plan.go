package migrations

import (
	"fmt"
	"slices"

	"github.com/glarimy/ums/shared/schema"
)

// All is a number of migrations: as many as there are.
const All = -1

// Step is a migration in one direction.
type Step struct {
	Migration Migration
	Down      bool
}

func (s Step) String() string { return fmt.Sprintf("%s (%s)", s.Migration, s.direction()) }

func (s Step) direction() string {
	if s.Down {
		return "down"
	}
	return "up"
}

// plan says which steps lead from where the schema is to where it shall be.
type plan func(set []Migration, at schema.State) ([]Step, error)

// planUp takes the next n steps, or all. A schema that is newer than the set needs none, if its floor allows that.
func planUp(n int) plan {
	return func(set []Migration, at schema.State) ([]Step, error) {
		if known := newest(set); at.Version > known {
			return nil, at.Allows(known, 0)
		}
		return first(n, upward(set, at.Version, newest(set))), nil
	}
}

// planDown undoes the last n steps, or all.
func planDown(n int) plan {
	return func(set []Migration, at schema.State) ([]Step, error) {
		if known := newest(set); at.Version > known {
			return nil, &NewerError{Version: at.Version, Known: known}
		}
		return first(n, downward(set, at.Version, 0)), nil
	}
}

// planGoto takes or undoes the steps to a version.
func planGoto(version uint64) plan {
	return func(set []Migration, at schema.State) ([]Step, error) {
		known := newest(set)
		if !contains(set, version) {
			return nil, &UnknownVersionError{Version: version, Known: known}
		}
		if at.Version > known {
			return nil, &NewerError{Version: at.Version, Known: known}
		}
		if version < at.Version {
			return downward(set, at.Version, version), nil
		}
		return upward(set, at.Version, version), nil
	}
}

// upward returns the steps after the version from, up to and with the version to.
func upward(set []Migration, from, to uint64) []Step {
	var steps []Step
	for _, m := range set {
		if m.Version > from && m.Version <= to {
			steps = append(steps, Step{Migration: m})
		}
	}
	return steps
}

// downward returns the steps that undo everything after the version to, the newest first.
func downward(set []Migration, from, to uint64) []Step {
	var steps []Step
	for _, m := range slices.Backward(set) {
		if m.Version <= from && m.Version > to {
			steps = append(steps, Step{Migration: m, Down: true})
		}
	}
	return steps
}

func first(n int, steps []Step) []Step {
	if n < 0 || n > len(steps) {
		return steps
	}
	return steps[:n]
}

func newest(set []Migration) uint64 { return set[len(set)-1].Version }

func contains(set []Migration, version uint64) bool {
	return slices.ContainsFunc(set, func(m Migration) bool { return m.Version == version })
}
