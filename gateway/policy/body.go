package policy

import (
	"errors"
	"fmt"
	"io"
	"sync/atomic"
)

// ErrBodyTooLarge is the cause of a BodyError whose body went on beyond its limit.
var ErrBodyTooLarge = errors.New("the request's body is larger than its route allows")

// BodyError is a request body that could not be read to its end. The fault is the client's, never an upstream's.
type BodyError struct {
	Err error
}

func (e *BodyError) Error() string { return fmt.Sprintf("read the request's body: %v", e.Err) }

// Unwrap returns what ended the body.
func (e *BodyError) Unwrap() error { return e.Err }

// Body is a request's body on its way upstream, held to a limit. Every error but io.EOF from Read is a *BodyError.
// One goroutine may read while others ask Waiting.
type Body struct {
	reader  io.Reader
	left    int64 // bytes
	waiting atomic.Bool
}

// NewBody limits a body to so many bytes.
func NewBody(body io.Reader, limit int64) *Body {
	return &Body{reader: body, left: limit}
}

// Read asks for at most one byte more than the limit allows; if that byte comes, the body is too large. So a body of
// exactly the limit passes, however it is framed.
func (b *Body) Read(p []byte) (int, error) {
	if int64(len(p))-1 > b.left {
		p = p[:b.left+1]
	}
	b.waiting.Store(true)
	n, err := b.reader.Read(p)
	b.waiting.Store(false)
	if int64(n) > b.left {
		n, err = int(b.left), ErrBodyTooLarge
	}
	b.left -= int64(n)
	if err == nil || errors.Is(err, io.EOF) {
		return n, err
	}
	return n, &BodyError{Err: err}
}

// Waiting reports whether a Read is waiting for the client right now.
func (b *Body) Waiting() bool { return b.waiting.Load() }
