package http1

import (
	"errors"
	"io"
)

const (
	maxChunkLine    = 256     // bytes of a chunk's size and its extensions
	maxTrailerBytes = 4 << 10 // of all trailer fields
)

// kind is how the end of a body is told.
type kind byte

const (
	none    kind = iota
	counted      // by Content-Length
	chunked      // by the last chunk
	toClose      // by the end of the connection
)

// Body is what follows a head. Its zero value is empty; one value serves a connection's messages one after another.
type Body struct {
	r     *Reader
	kind  kind
	left  int64 // bytes of the body, or of the current chunk
	after bool  // a chunk was read, but not the CRLF behind it
	last  bool  // the last chunk was read, and trailer fields follow
	limit int   // bytes that these may still have
	done  bool

	trailer []Field
}

// SetRequest makes b the body of a request.
func (b *Body) SetRequest(r *Reader, head *Request) {
	*b = Body{r: r, kind: counted, left: head.Length}
	if head.Length == Unknown {
		b.kind, b.left = chunked, 0
	}
	b.done = b.kind == counted && b.left == 0
}

// SetResponse makes b the body of the answer to a request with a method (RFC 9112, section 6.3).
func (b *Body) SetResponse(r *Reader, head *Response, method string) {
	*b = Body{r: r}
	switch {
	case !HasBody(method, head.Status), head.Length == 0:
		b.done = true
	case head.Chunked:
		b.kind = chunked
	case head.Length != Unknown:
		b.kind, b.left = counted, head.Length
	default:
		b.kind = toClose
	}
}

// HasBody reports whether an answer with this status, to a request with this method, has a body, if perhaps an empty one.
func HasBody(method string, status int) bool {
	return method != "HEAD" && status >= 200 && status != 204 && status != 304
}

// Done reports whether the body was read to its end, so that the next message begins here.
func (b *Body) Done() bool { return b.done }

// ToClose reports whether only the connection's end tells the body's.
func (b *Body) ToClose() bool { return b.kind == toClose }

// Whole returns the rest of the body, if it is buffered. It is valid until the Reader is filled, and still to be read.
func (b *Body) Whole() ([]byte, bool) {
	switch {
	case b.done:
		return nil, true
	case b.kind != counted || b.left > int64(len(b.r.Buffered())):
		return nil, false
	default:
		return b.r.Buffered()[:b.left], true
	}
}

// Skip takes what Whole returned.
func (b *Body) Skip() {
	if !b.done {
		b.r.Discard(int(b.left))
		b.left, b.done = 0, true
	}
}

// Read reads the body. A *SyntaxError says that it is badly framed, io.ErrUnexpectedEOF that the connection ended first.
func (b *Body) Read(p []byte) (int, error) {
	if b.done {
		return 0, io.EOF
	}
	if b.kind == chunked && b.left == 0 {
		if err := b.nextChunk(); err != nil {
			return 0, err
		}
	}
	if b.kind != toClose && int64(len(p)) > b.left {
		p = p[:b.left]
	}
	n, err := b.r.Read(p)
	switch {
	case b.kind == toClose:
		b.done = errors.Is(err, io.EOF)
		return n, err
	case err != nil:
		return n, unexpected(err)
	}
	b.left -= int64(n)
	if b.kind == counted && b.left == 0 {
		b.done = true
		return n, io.EOF
	}
	return n, nil
}

// nextChunk reads up to the first byte of the next chunk; after the last one, io.EOF. After a timeout it may be called
// again.
func (b *Body) nextChunk() error {
	if b.after {
		if line, err := b.r.readLine(2); err != nil {
			return err
		} else if len(line) != 0 {
			return malformed("a chunk is longer than its size")
		}
		b.after = false
	}
	if !b.last {
		line, err := b.r.readLine(maxChunkLine)
		if err != nil {
			return err
		}
		if b.left, err = chunkSize(line); err != nil {
			return err
		}
		b.after, b.last, b.limit = b.left > 0, b.left == 0, maxTrailerBytes
	}
	if b.last {
		return b.readTrailer()
	}
	return nil
}

// Trailer returns the trailer fields of a body that was read to its end. They are no header fields: whoever takes them for
// some lets the sender say what a header was checked for.
func (b *Body) Trailer() []Field { return b.trailer }

func (b *Body) readTrailer() error {
	for {
		line, err := b.r.readLine(b.limit)
		if err != nil {
			return err
		}
		if len(line) == 0 {
			b.done = true
			return io.EOF
		}
		var f framing
		if b.trailer, err = parseFields(string(line)+"\r\n\r\n", b.trailer, &f); err != nil {
			return malformed("a trailer field is not NAME: VALUE")
		}
		if b.limit -= len(line) + 2; b.limit <= 0 {
			return malformed("the trailer is too long")
		}
	}
}

// chunkSize reads a chunk's size. Extensions are taken as long as they hold no control character, and dropped.
func chunkSize(line []byte) (size int64, err error) {
	digits := 0
	for ; digits < len(line); digits++ {
		c := line[digits]
		switch {
		case isDigit(c):
			size = size<<4 | int64(c-'0')
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			size = size<<4 | int64(c|0x20-'a'+10)
		default:
			if c != ';' || !isValue(string(line[digits:])) {
				return 0, malformed("the size of a chunk is no number")
			}
			return size, checkDigits(digits)
		}
		if digits == 15 { // 60 bits: no overflow
			return 0, malformed("a chunk is too large")
		}
	}
	return size, checkDigits(digits)
}

func checkDigits(n int) error {
	if n == 0 {
		return malformed("a chunk has no size")
	}
	return nil
}
