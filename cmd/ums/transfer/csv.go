package transfer

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// columns says where in a row the fields are.
type columns struct {
	count, name, phone int
}

// lineReader gives encoding/csv one line at a time, which then cannot run on: a quote that nobody closes costs its own
// row alone, and no row is longer than a line may be.
type lineReader struct {
	rest []byte
	csv  *csv.Reader
}

func newLineReader() *lineReader {
	l := &lineReader{}
	l.csv = csv.NewReader(l)
	l.csv.FieldsPerRecord, l.csv.ReuseRecord = -1, true
	return l
}

// Read implements [io.Reader]. The end of a line is the end of the input, until there is another.
func (l *lineReader) Read(b []byte) (int, error) {
	if len(l.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(b, l.rest)
	l.rest = l.rest[n:]
	return n, nil
}

// fields takes a line apart.
func (l *lineReader) fields(text []byte) ([]string, error) {
	l.rest = text
	record, err := l.csv.Read()
	if parse, ok := errors.AsType[*csv.ParseError](err); ok {
		return nil, fmt.Errorf("column %d: %w", parse.Column, parse.Err)
	}
	return record, err
}

func readHeader(in *lines) (columns, error) {
	for {
		l, err := in.next()
		if errors.Is(err, io.EOF) {
			return columns{}, errors.New("the input is empty: its first line must be the header name,phone")
		}
		if err != nil {
			return columns{}, err
		}
		if len(bytes.TrimSpace(l.text)) == 0 {
			continue
		}
		header, err := newLineReader().fields(l.text)
		if err != nil {
			return columns{}, fmt.Errorf("line %d: the header is not CSV: %w", l.number, err)
		}
		c, err := parseHeader(header)
		if err != nil {
			return columns{}, fmt.Errorf("line %d: %w", l.number, err)
		}
		return c, nil
	}
}

func parseHeader(header []string) (columns, error) {
	at := map[string]int{}
	for i, field := range header {
		name := strings.ToLower(strings.TrimSpace(field))
		switch _, repeated := at[name]; {
		case name != "name" && name != "phone" && name != "since":
			return columns{}, fmt.Errorf("the header has the column %.40q: the columns are name,phone, separated by commas, "+
				"and since, which is read over", field)
		case repeated:
			return columns{}, fmt.Errorf("the header has the column %s twice", name)
		}
		at[name] = i
	}
	for _, name := range []string{"name", "phone"} {
		if _, ok := at[name]; !ok {
			return columns{}, fmt.Errorf("the header lacks the column %s: the first line must be name,phone", name)
		}
	}
	return columns{count: len(header), name: at["name"], phone: at["phone"]}, nil
}

type csvParser struct {
	columns columns
	lines   *lineReader
}

func newCSVParser(c columns) *csvParser { return &csvParser{columns: c, lines: newLineReader()} }

func (p *csvParser) parse(text []byte, row *Row) {
	fields, err := p.lines.fields(text)
	switch {
	case err != nil:
		row.Fault = malformed(codeMalformed, "the row is not CSV: "+err.Error(), text)
	case len(fields) != p.columns.count:
		row.Fault = malformed(codeFields, fmt.Sprintf("the row has %d fields, the header %d", len(fields), p.columns.count), text)
	default:
		row.Name, row.Phone = strings.Clone(fields[p.columns.name]), phoneJSON(fields[p.columns.phone])
	}
}

// phoneJSON makes a JSON number of digits. Anything else, leading zeros and blanks included, becomes a string, which the
// API refuses with the reason: nothing is guessed.
func phoneJSON(text string) string {
	digits := text != "" && strings.Trim(text, "0123456789") == ""
	if digits && (text[0] != '0' || len(text) == 1) {
		return strings.Clone(text)
	}
	quoted, _ := json.Marshal(text) // a string always can
	return string(quoted)
}
