package policy

import "time"

// DeadlineMs returns what a service is told of the time that is left for a request: whole milliseconds, rounded down, and
// at least one, since a service is asked only while there is some.
func DeadlineMs(left time.Duration) int64 { return max(left.Milliseconds(), 1) }
