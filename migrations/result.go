package migrations

import "fmt"

// Result is what a run did. After an error it says how far the run came.
type Result struct {
	From, To uint64 // versions of the schema before and after
	Steps    []Step // that were taken, in order
	Known    uint64 // the newest version that this program knows
}

// String says in one line what was done.
func (r Result) String() string {
	switch {
	case r.From > r.Known:
		return fmt.Sprintf("schema is newer (%d) than this program (%d), floor allows: nothing to do", r.From, r.Known)
	case len(r.Steps) == 0:
		return fmt.Sprintf("schema is at version %d: nothing to do", r.To)
	case r.To < r.From:
		return fmt.Sprintf("undid %s: schema is at version %d", count(len(r.Steps)), r.To)
	default:
		return fmt.Sprintf("applied %s: schema is at version %d", count(len(r.Steps)), r.To)
	}
}

// add appends a step that was taken, from the given set.
func (r *Result) add(step Step, set []Migration) {
	r.Steps = append(r.Steps, step)
	r.To = step.Migration.Version
	if step.Down {
		r.To = before(set, step.Migration.Version)
	}
}

func count(n int) string {
	if n == 1 {
		return "1 migration"
	}
	return fmt.Sprintf("%d migrations", n)
}
