package transfer

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// maxLine is the longest line that is read, in bytes. A user's is below 300; the bound keeps a file without line ends,
// or a quote that nobody closes, from filling the memory.
const maxLine = 64 << 10

// line is one line of the input without its end.
type line struct {
	text    []byte // until the next call
	number  int64  // the first is 1
	end     int64  // the offset behind it, in bytes
	tooLong bool   // it was read over, and text is its beginning
}

// lines reads line after line.
type lines struct {
	in     *bufio.Reader
	number int64
	offset int64
}

// newLines reads on from a place between two lines: after so many lines and bytes.
func newLines(in io.Reader, number, offset int64) *lines {
	return &lines{in: bufio.NewReaderSize(in, maxLine), number: number, offset: offset}
}

// next returns io.EOF behind the last line, which needs no end.
func (l *lines) next() (line, error) {
	text, err := l.in.ReadSlice('\n')
	l.offset += int64(len(text))
	tooLong := errors.Is(err, bufio.ErrBufferFull)
	if tooLong {
		text = bytes.Clone(text[:80])
		err = l.skip()
	}
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return line{}, fmt.Errorf("read line %d of the input: %w", l.number+1, err)
	case err != nil && len(text) == 0:
		return line{}, io.EOF
	}
	l.number++
	text = bytes.TrimSuffix(bytes.TrimSuffix(text, []byte("\n")), []byte("\r"))
	return line{text: text, number: l.number, end: l.offset, tooLong: tooLong}, nil
}

// skip reads over the rest of a line.
func (l *lines) skip() error {
	for {
		rest, err := l.in.ReadSlice('\n')
		l.offset += int64(len(rest))
		if !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
	}
}
