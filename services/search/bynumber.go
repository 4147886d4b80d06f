package search

import (
	"fmt"
	"strings"

	"github.com/glarimy/ums/shared/database"
)

// interval is a range of numbers, both ends included. It is empty where the last one is below the first.
type interval struct {
	first, last int64
}

// numberList is the users with a phone number, or a moment of joining, in one of some intervals, by that and by name.
type numberList struct {
	name      string     // of the filter
	column    string     // that leads the order; it has an index with name behind it
	intervals []interval // in increasing order
	number    func(row) int64
	argument  func(database.Dialect, int64) any // a number as the column has it
}

func (l numberList) filter() string { return l.name }

func (l numberList) binding() string { return fmt.Sprintf("%s\x00%v", l.name, l.intervals) }

func (l numberList) position(r row) position { return position{lead: l.number(r), name: r.name} }

// after walks along all intervals in one statement on MySQL, which sees that they are ranges of one index, in its order.
// SQLite would sort what an OR selects, so there it is one statement after the other.
func (l numberList) after(p position, d database.Dialect) []statement {
	var ranges []statement
	for _, i := range l.intervals {
		switch {
		case i.last < i.first || i.last < p.lead:
		case i.first > p.lead:
			ranges = append(ranges, l.whole(i, d))
		default:
			ranges = append(ranges, l.rest(i, p, d))
		}
	}
	if d == database.MySQL && len(ranges) > 1 {
		return []statement{either(ranges)}
	}
	return ranges
}

// order of the list. Of a column and the name alone it is the index's.
func (l numberList) order() string { return l.column + ", name" }

func (l numberList) whole(i interval, d database.Dialect) statement {
	return statement{
		where: l.column + " >= ? AND " + l.column + " <= ?",
		order: l.order(),
		args:  []any{l.argument(d, i.first), l.argument(d, i.last)},
	}
}

// rest returns what is left of an interval behind a position in it. Each database has a form of its own that it takes for
// a range of both columns; with `a >= ? AND (a > ? OR b > ?)` both would begin at the first user of the position's number
// and pass over thousands, where thousands share one.
func (l numberList) rest(i interval, p position, d database.Dialect) statement {
	lead, last := l.argument(d, p.lead), l.argument(d, i.last)
	s := statement{order: l.order()}
	if d == database.SQLite {
		s.where = "(" + l.column + ", name) > (?, ?) AND " + l.column + " <= ?"
		s.args = []any{lead, p.name, last}
		return s
	}
	s.where = "(" + l.column + " = ? AND name > ?) OR (" + l.column + " > ? AND " + l.column + " <= ?)"
	s.args = []any{lead, p.name, lead, last}
	return s
}

// either returns one statement for several of the same order.
func either(some []statement) statement {
	one := statement{order: some[0].order}
	wheres := make([]string, len(some))
	for i, s := range some {
		wheres[i] = s.where
		one.args = append(one.args, s.args...)
	}
	one.where = "(" + strings.Join(wheres, ") OR (") + ")"
	return one
}
