package http1

import (
	"bytes"
	"errors"
	"io"

	"github.com/glarimy/ums/gateway/socket"
)

var errBufferFull = errors.New("the buffer is full")

// Reader reads messages from a connection. It reads no more than it needs into its buffer, and the rest of a body straight
// to where it goes. A head that is longer than a buffer of socket.Buffers makes it grow for a while.
type Reader struct {
	src      io.Reader
	late     socket.LateReader // src, if it is one
	buffers  *socket.Buffers
	buf      []byte // nil while it rests
	from, to int    // what is buffered
	scanned  int    // how far beyond from the end of a head was looked for
	line     int    // where, beyond from, the line begins that is being looked at
}

// NewReader returns a Reader of src, which takes its buffer from buffers when it needs one.
func NewReader(src io.Reader, buffers *socket.Buffers) *Reader {
	late, _ := src.(socket.LateReader)
	return &Reader{src: src, late: late, buffers: buffers}
}

// Rest gives the buffer back, if nothing is in it, until the next Fill or Read. What was returned of it must not be used any
// more.
func (r *Reader) Rest() {
	if r.buf != nil && r.from == r.to {
		r.buffers.Put(r.buf)
		r.buf, r.from, r.to = nil, 0, 0
	}
}

// Buffered returns what has been read and not yet taken. It is valid until the next call.
func (r *Reader) Buffered() []byte { return r.buf[r.from:r.to] }

// Discard takes n of the buffered bytes.
func (r *Reader) Discard(n int) {
	r.from += n
	r.scanned, r.line = 0, 0
	if r.from == r.to {
		r.from, r.to = 0, 0
	}
}

// Fill reads once from the connection, so that there is at least one byte more, or an error.
func (r *Reader) Fill() error {
	if r.from > 0 && r.to == len(r.buf) {
		copy(r.buf, r.buf[r.from:r.to])
		r.from, r.to = 0, r.to-r.from
	}
	if r.buf != nil && r.to == len(r.buf) {
		return errBufferFull
	}
	for range 100 { // as io.Reader allows to return nothing at all
		n, err := r.readOnce()
		r.to += n
		if n > 0 {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return io.ErrNoProgress
}

func (r *Reader) readOnce() (n int, err error) {
	switch {
	case r.buf != nil:
	case r.late != nil:
		r.buf, n, err = r.late.ReadLate(r.buffers)
		return n, err
	default:
		r.buf = r.buffers.Get()
	}
	return r.src.Read(r.buf[r.to:])
}

// Head looks for the end of a message's head in the buffer, and returns its length in bytes, the empty line included, or
// 0 while it is not there. Then Fill and ask again. A *SyntaxError says that it can be none, or is longer than limit bytes.
func (r *Reader) Head(limit int) (int, error) {
	for {
		b := r.buf[r.from:r.to]
		i := bytes.IndexByte(b[r.scanned:], '\n')
		if i < 0 {
			r.scanned = len(b)
			if len(b) >= limit {
				return 0, errTooLong()
			}
			r.grow(limit)
			return 0, nil
		}
		end := r.scanned + i
		if end == r.line || b[end-1] != '\r' {
			return 0, malformed("a line ends with LF alone")
		}
		empty := end == r.line+1
		r.scanned, r.line = end+1, end+1
		if empty {
			if end+1 > limit {
				return 0, errTooLong()
			}
			return end + 1, nil
		}
	}
}

// Take returns the first n buffered bytes as a string of their own.
func (r *Reader) Take(n int) string {
	s := string(r.buf[r.from : r.from+n])
	r.Discard(n)
	if len(r.buf) > socket.BufferSize && r.to-r.from <= socket.BufferSize {
		small := r.buffers.Get()
		r.to = copy(small, r.buf[r.from:r.to])
		r.buf, r.from = small, 0
	}
	return s
}

// Read reads what follows the head.
func (r *Reader) Read(p []byte) (int, error) {
	if r.from == r.to {
		if len(p) >= max(len(r.buf), socket.BufferSize) {
			return r.src.Read(p)
		}
		if err := r.Fill(); err != nil {
			return 0, err
		}
	}
	n := copy(p, r.buf[r.from:r.to])
	r.Discard(n)
	return n, nil
}

// readLine returns the next line of at most limit bytes without its CRLF. It is valid until the next call.
func (r *Reader) readLine(limit int) ([]byte, error) {
	for scanned := 0; ; {
		b := r.buf[r.from:r.to]
		if i := bytes.IndexByte(b[scanned:], '\n'); i >= 0 {
			end := scanned + i
			if end == 0 || b[end-1] != '\r' {
				return nil, malformed("a line ends with LF alone")
			}
			r.Discard(end + 1)
			return b[:end-1], nil
		}
		scanned = len(b)
		if scanned >= limit {
			return nil, malformed("a line is too long")
		}
		if err := r.Fill(); err != nil {
			return nil, unexpected(err)
		}
	}
}

// grow makes room for more of a head, if there is none.
func (r *Reader) grow(limit int) {
	if r.buf == nil || r.from > 0 || r.to < len(r.buf) {
		return
	}
	bigger := make([]byte, min(2*len(r.buf), limit+1))
	r.to = copy(bigger, r.buf[r.from:r.to])
	r.buf, r.from = bigger, 0
}

func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
