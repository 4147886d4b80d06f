package transfer_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/glarimy/ums/cmd/ums/transfer"
)

// readAll returns each row in one line, and the error that is not io.EOF.
func readAll(input string, format transfer.Format) (rows []string, err error) {
	r, err := transfer.NewReader(strings.NewReader(input), format)
	if err != nil {
		return nil, err
	}
	for {
		row, err := r.Next()
		switch {
		case errors.Is(err, io.EOF):
			return rows, nil
		case err != nil:
			return rows, err
		case row.Fault != nil:
			rows = append(rows, fmt.Sprintf("%d:%d %s: %s", row.Number, row.Line, row.Fault.Code, row.Fault.Detail))
		default:
			rows = append(rows, fmt.Sprintf("%d:%d %s|%s", row.Number, row.Line, row.Name, row.Phone))
		}
	}
}

func TestReader(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 70_000)
	for name, tc := range map[string]struct {
		format transfer.Format
		input  string
		want   []string
	}{
		"plain":             {transfer.CSV, "name,phone\nKrishnaMohan,9731423166\n", []string{"1:2 KrishnaMohan|9731423166"}},
		"no last line end":  {transfer.CSV, "name,phone\nKrishnaMohan,9731423166", []string{"1:2 KrishnaMohan|9731423166"}},
		"mark and CRLF":     {transfer.CSV, "\uFEFFname,phone\r\nKrishnaMohan,9731423166\r\n", []string{"1:2 KrishnaMohan|9731423166"}},
		"order and case":    {transfer.CSV, "Phone, NAME\n9731423166,KrishnaMohan\n", []string{"1:2 KrishnaMohan|9731423166"}},
		"export's since":    {transfer.CSV, "name,phone,since\nA,9,2022-09-12T10:00:00Z\n", []string{"1:2 A|9"}},
		"quoted":            {transfer.CSV, "name,phone\n\"a, \"\"b\"\"\",\"97\"\n", []string{`1:2 a, "b"|97`}},
		"blank lines":       {transfer.CSV, "\n\nname,phone\n\n \nA,9\n", []string{"1:6 A|9"}},
		"phones as they be": {transfer.CSV, "name,phone\nA,+91\nB,09\nC,\nD, 9\nE,9e9\n", []string{`1:2 A|"+91"`, `2:3 B|"09"`, `3:4 C|""`, `4:5 D|" 9"`, `5:6 E|"9e9"`}},
		"wrong fields": {transfer.CSV, "name,phone\nA\nB,9,x\nC,9\n", []string{
			"1:2 wrong-number-of-fields: the row has 1 fields, the header 2",
			"2:3 wrong-number-of-fields: the row has 3 fields, the header 2", "3:4 C|9"}},
		"open quote": {transfer.CSV, "name,phone\n\"A,9\nB,9\n", []string{
			`1:2 malformed-row: the row is not CSV: column 5: extraneous or missing " in quoted-field`, "2:3 B|9"}},
		"stray quote": {transfer.CSV, "name,phone\nA\"x,9\nB,9\n", []string{
			`1:2 malformed-row: the row is not CSV: column 2: bare " in non-quoted-field`, "2:3 B|9"}},
		"not UTF-8": {transfer.CSV, "name,phone\nKr\xffshna,9\nB,9\n", []string{
			"1:2 invalid-utf8: the row is not UTF-8; save the file as UTF-8", "2:3 B|9"}},
		"too long": {transfer.CSV, "name,phone\n" + long + ",9\nB,9\n", []string{
			"1:2 row-too-long: the row has more than 65536 bytes; is a line end missing?", "2:3 B|9"}},
		"objects": {transfer.NDJSON, "\uFEFF{\"name\":\"A\\u00e9\",\"phone\":9}\r\n{\"phone\":\"9\",\"name\":\"B\",\"since\":null}", []string{
			"1:1 Aé|9", `2:2 B|"9"`}},
		"no objects": {transfer.NDJSON, "[]\n{\"name\":\"A\"}\n{\"name\":1,\"phone\":1}\n{\"name\":\"A\",\"phone\":9} x\n{\"name\":\"A\",\"phone\":9,\"age\":1}\n{\"name\":\"A\",\"name\":\"B\",\"phone\":9}\n", []string{
			"1:1 malformed-row: the row is not a JSON object",
			"2:2 malformed-row: the row lacks the field phone",
			"3:3 malformed-row: the name is not a JSON string",
			"4:4 malformed-row: there is more on the line than one JSON object",
			`5:5 malformed-row: the row has the field "age": the fields are name and phone, and since, which is read over`,
			`6:6 malformed-row: the row is not JSON: at byte 13: duplicate object member name`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := readAll(tc.input, tc.format)
			if err != nil {
				t.Fatal(err)
			}
			if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", tc.want) {
				t.Errorf("got  %q\nwant %q", got, tc.want)
			}
		})
	}
}

func TestReaderRefuses(t *testing.T) {
	t.Parallel()
	for input, want := range map[string]string{
		"":                        "the input is empty",
		"KrishnaMohan,97\n":       `line 1: the header has the column "KrishnaMohan"`,
		"name;phone\n":            `the header has the column "name;phone": the columns are name,phone, separated by commas`,
		"\nname\n":                "line 2: the header lacks the column phone",
		"name,name,phone\n":       "the header has the column name twice",
		"name,\"phone\n":          "line 1: the header is not CSV",
		"\xFF\xFEn\x00a\x00m\x00": "UTF-16: save it as UTF-8",
	} {
		if _, err := readAll(input, transfer.CSV); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error = %v, want %q", input, err, want)
		}
	}
}

// FuzzReader holds the readers to what an import relies on: whatever the bytes, rows are numbered one by one, their lines
// and ends grow, each has a fault or what can be sent as JSON, and the end of the input is reached.
func FuzzReader(f *testing.F) {
	for _, seed := range []string{
		"name,phone\nKrishnaMohan,9731423166\n", "\uFEFFname,phone,since\r\n\"a\"\"b\",09,x\r\n\r\n\"open,1\nb", "name,phone\n\r\r\n,,\n",
		"{\"name\":\"A\",\"phone\":9}\n{\"name\":1}\n[]\n{", "\xff\xfe", "name,phone\n\x00,\xff\n",
	} {
		f.Add([]byte(seed), true)
		f.Add([]byte(seed), false)
	}
	f.Fuzz(func(t *testing.T, input []byte, isCSV bool) {
		format := transfer.NDJSON
		if isCSV {
			format = transfer.CSV
		}
		r, err := transfer.NewReader(strings.NewReader(string(input)), format)
		if err != nil {
			return
		}
		var before transfer.Row
		for {
			row, err := r.Next()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if row.Number != before.Number+1 || row.Line <= before.Line || row.End <= before.End || row.End > int64(len(input)) {
				t.Fatalf("after %+v comes %+v", before, row)
			}
			if row.Fault == nil && !json.Valid([]byte(row.Phone)) {
				t.Fatalf("%+v: the phone is not JSON", row)
			}
			before = row
		}
	})
}
