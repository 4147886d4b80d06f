package socket

import "errors"

// Asker is a connection on which one side asks and the other answers. What [Direct] returns may be one.
type Asker interface {
	// Ask writes a request and reads the first of the answer, as one Write and one ReadLate would, and saves a read that
	// finds nothing yet. If the other side has sent something, or has ended its direction, before it was asked, nothing
	// is written, nothing read, and the error is ErrSpoken; if its deadline has passed by then, or it is closed, nothing is
	// written either, and the error is an *UnsentError. The request must not be empty.
	Ask(request []byte, b *Buffers) (p []byte, n int, err error)
}

// UnsentError is why Ask could not even begin: nothing was sent.
type UnsentError struct{ Err error }

// Error implements error.
func (e *UnsentError) Error() string { return "nothing was sent: " + e.Err.Error() }

// Unwrap returns the reason.
func (e *UnsentError) Unwrap() error { return e.Err }

// ErrSpoken says that the other side of a connection has sent something unasked, or has hung up. Nothing was sent to it.
var ErrSpoken = errors.New("the other side has spoken unasked, or hung up")
