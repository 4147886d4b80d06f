package wire

import (
	"errors"
	"fmt"
	"net"
	"os"
)

// DialError is a connection that could not be opened: nothing of the request was sent, so that any request may be tried
// on another instance.
type DialError struct{ Err error }

func (e *DialError) Error() string { return fmt.Sprintf("open a connection: %v", e.Err) }

// Unwrap returns why.
func (e *DialError) Unwrap() error { return e.Err }

// NotSent reports that nothing of the request was sent.
func (*DialError) NotSent() bool { return true }

// ErrUnusable says that the upstream has closed an idle connection, or sent something unasked. Nothing was sent over it.
var ErrUnusable = errors.New("the idle connection is of no use")

// IsWrite reports whether an error is that of sending, so that an answer may be there that was sent before.
func IsWrite(err error) bool {
	o, ok := errors.AsType[*net.OpError](err)
	return ok && o.Op == "write"
}

// IsTimeout reports whether an error is that of a deadline, so that what was waited for may still come.
func IsTimeout(err error) bool {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return true
	}
	n, ok := errors.AsType[net.Error](err)
	return ok && n.Timeout()
}
