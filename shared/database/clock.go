package database

import (
	"fmt"
	"time"
)

// Now returns the expression of the database's own clock, in UTC and in the form of its columns. It is what processes
// with clocks of their own can agree on.
func (d Dialect) Now() string {
	if d == SQLite {
		return "strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')" // %f has milliseconds
	}
	return "UTC_TIMESTAMP(6)"
}

// Ahead returns the expression of a moment ahead by the database's own clock, with one placeholder, and the argument
// for it. What is less than a millisecond of after does not count.
func (d Dialect) Ahead(after time.Duration) (expression string, argument any) {
	if d == SQLite {
		return "strftime('%Y-%m-%dT%H:%M:%f000Z', 'now', ?)", fmt.Sprintf("+%d.%03d seconds",
			after/time.Second, after%time.Second/time.Millisecond)
	}
	return "TIMESTAMPADD(MICROSECOND, ?, UTC_TIMESTAMP(6))", after.Truncate(time.Millisecond).Microseconds()
}
