package transfer

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// Row is one user of the input.
type Row struct {
	Number int64 // among the rows; the first is 1
	Line   int64 // of the input; the first is 1
	End    int64 // the offset behind it in the input, in bytes

	Name  string
	Phone string // as JSON: a number where the input has one, else whatever it has, for the API to refuse

	Fault *Reason // why it cannot even be sent; nil for a row that can
}

// Reason is why a row was rejected.
type Reason struct {
	Code   string // of the API, or one of this package's
	Detail string
	Raw    string // the row as it was, where it could not be taken apart; at most 200 bytes of it
}

// Codes of rows that are not sent. All others are the API's.
const (
	codeMalformed = "malformed-row"
	codeFields    = "wrong-number-of-fields"
	codeTooLong   = "row-too-long"
	codeUTF8      = "invalid-utf8"
)

func malformed(code, detail string, raw []byte) *Reason {
	const most = 200
	return &Reason{Code: code, Detail: detail, Raw: strings.ToValidUTF8(string(raw[:min(len(raw), most)]), "\uFFFD")}
}

// position is a place between two rows.
type position struct {
	Rows   int64 `json:"rows"`
	Lines  int64 `json:"lines"`
	Offset int64 `json:"offset"` // in bytes
}

// Reader reads rows, one a line. Blank lines are none. It is for one goroutine.
type Reader struct {
	lines *lines
	parse func(text []byte, row *Row)
	rows  int64
}

// NewReader reads a file from its beginning. For CSV it reads the header, which must have the columns name and phone, in
// any order, and may have since. A byte order mark is read over.
func NewReader(in io.Reader, format Format) (*Reader, error) {
	r := &Reader{lines: newLines(in, 0, 0)}
	if err := r.readMark(); err != nil {
		return nil, err
	}
	switch format {
	case NDJSON:
		r.parse = parseJSON
	case CSV:
		columns, err := readHeader(r.lines)
		if err != nil {
			return nil, err
		}
		r.parse = newCSVParser(columns).parse
	default:
		return nil, fmt.Errorf("the format is %q: give csv or ndjson", format)
	}
	return r, nil
}

// seek goes on at a place between two rows, of the file that the reader was made with.
func (r *Reader) seek(in io.ReadSeeker, to position) error {
	if to.Offset == 0 {
		return nil
	}
	if _, err := in.Seek(to.Offset, io.SeekStart); err != nil {
		return fmt.Errorf("go to byte %d of the input: %w", to.Offset, err)
	}
	r.lines, r.rows = newLines(in, to.Lines, to.Offset), to.Rows
	return nil
}

// readMark reads over UTF-8's byte order mark and refuses those of UTF-16.
func (r *Reader) readMark() error {
	start, err := r.lines.in.Peek(3)
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read the input: %w", err)
	}
	switch {
	case bytes.HasPrefix(start, []byte("\xEF\xBB\xBF")):
		_, _ = r.lines.in.Discard(3) // they are in the buffer
		r.lines.offset += 3
	case bytes.HasPrefix(start, []byte("\xFF\xFE")), bytes.HasPrefix(start, []byte("\xFE\xFF")):
		return errors.New("the input is UTF-16: save it as UTF-8")
	}
	return nil
}

// Next returns the next row, or io.EOF. A row that cannot be used has a Fault and is no error.
func (r *Reader) Next() (Row, error) {
	for {
		l, err := r.lines.next()
		if err != nil {
			return Row{}, err
		}
		if len(bytes.TrimSpace(l.text)) == 0 {
			continue
		}
		r.rows++
		row := Row{Number: r.rows, Line: l.number, End: l.end}
		switch {
		case l.tooLong:
			row.Fault = malformed(codeTooLong,
				fmt.Sprintf("the row has more than %d bytes; is a line end missing?", maxLine), l.text)
		case !utf8.Valid(l.text):
			row.Fault = malformed(codeUTF8, "the row is not UTF-8; save the file as UTF-8", l.text)
		default:
			r.parse(l.text, &row)
		}
		return row, nil
	}
}

// detect decides on the format by the name of the file, or else by its first byte.
func detect(format Format, name string, in *bufio.Reader) Format {
	if format != Detect && format != "" {
		return format
	}
	switch strings.ToLower(filepath.Ext(name)) {
	case ".csv":
		return CSV
	case ".ndjson", ".jsonl":
		return NDJSON
	}
	start, _ := in.Peek(512) // less is as good
	start = bytes.TrimSpace(bytes.TrimPrefix(start, []byte("\xEF\xBB\xBF")))
	if bytes.HasPrefix(start, []byte("{")) {
		return NDJSON
	}
	return CSV
}
