package http1

import "bytes"

// Ready reports whether Read has something to return, be it the end, that is buffered already. Otherwise it may wait for
// the connection, although there are bytes in the buffer: the CRLF behind a chunk, or half of the next one's size.
func (b *Body) Ready() bool {
	rest := b.r.Buffered()
	switch {
	case b.done:
		return true
	case b.kind != chunked, b.left > 0:
		return len(rest) > 0
	case b.last:
		return endsTrailer(rest)
	}
	if b.after {
		if len(rest) < 2 {
			return false
		}
		rest = rest[2:]
	}
	line, behind, found := bytes.Cut(rest, []byte("\r\n"))
	if size, err := chunkSize(line); found && err == nil && size == 0 {
		return endsTrailer(behind)
	}
	return found && len(behind) > 0
}

// endsTrailer reports whether the end of a trailer that begins here is there.
func endsTrailer(rest []byte) bool {
	return bytes.HasPrefix(rest, []byte("\r\n")) || bytes.Contains(rest, []byte("\r\n\r\n"))
}
