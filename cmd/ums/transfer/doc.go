// Package transfer brings users into a system and out of it, through its public API, so that every rule of the API holds:
// [Import] reads CSV or NDJSON and adds a user a row, [Export] writes every user in name order. Both work in memory that
// does not grow with the number of users.
//
// # An import that is stopped goes on
//
// Rows get their verdicts (added, there already, rejected) out of order, and are counted in order. A state file beside the
// input says up to which row all have one; it is written, and synced, every second or so, after the rejects. An import
// that was killed begins behind that row. What came after it is sent again, with the same Idempotency-Key, so it is
// added, and counted, once.
package transfer

import "errors"

// Format is the form of a file of users.
type Format string

// The formats. Detect, for reading alone, decides by the file's name, and where that says nothing by its first byte.
const (
	Detect Format = "auto"
	CSV    Format = "csv"    // a header with name and phone, and since, which an import reads over
	NDJSON Format = "ndjson" // one JSON object a line
)

// errStopped says that a run ended before its input did; the reason is wrapped with it.
var errStopped = errors.New("stopped before the end")
