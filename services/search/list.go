package search

import (
	"github.com/glarimy/ums/shared/database"
)

// list is some of the users in some order, as a filter selects them.
type list interface {
	// filter names the filter, for metrics.
	filter() string

	// binding tells the list from every other one: its cursors are good for lists of the same binding alone.
	binding() string

	// after returns the statements whose rows, one statement's after the other's, are the list from behind a position on.
	// Each is one walk along one index.
	after(p position, d database.Dialect) []statement

	// position returns where in the list a user of it stands.
	position(r row) position
}

// statement is the part of a SELECT that differs from list to list.
type statement struct {
	where string
	order string
	args  []any
}
