package transfer

import (
	"encoding/csv"
	"fmt"
	"io"

	"github.com/go-json-experiment/json/jsontext"
)

// userWriter writes users in one of the formats.
type userWriter struct {
	write func(record) error
	flush func() error
}

func newUserWriter(w io.Writer, format Format) (*userWriter, error) {
	switch format {
	case CSV:
		return newCSVWriter(w)
	case NDJSON:
		return newJSONWriter(w), nil
	default:
		return nil, fmt.Errorf("the format is %q: give csv or ndjson", format)
	}
}

func newCSVWriter(w io.Writer) (*userWriter, error) {
	out := csv.NewWriter(w)
	fields := []string{"name", "phone", "since"}
	if err := out.Write(fields); err != nil {
		return nil, fmt.Errorf("write the header: %w", err)
	}
	return &userWriter{
		write: func(r record) error {
			fields[0], fields[1], fields[2] = r.Name, r.Phone.String(), r.Since
			return out.Write(fields)
		},
		flush: func() error {
			out.Flush()
			return out.Error()
		},
	}, nil
}

// newJSONWriter writes records in the form of the API.
func newJSONWriter(w io.Writer) *userWriter {
	var buffer []byte
	return &userWriter{
		write: func(r record) (err error) {
			if buffer, err = jsontext.AppendQuote(append(buffer[:0], `{"name":`...), r.Name); err != nil {
				return err
			}
			buffer = append(append(append(buffer, `,"phone":`...), r.Phone...), `,"since":`...)
			if buffer, err = jsontext.AppendQuote(buffer, r.Since); err != nil {
				return err
			}
			_, err = w.Write(append(buffer, "}\n"...))
			return err
		},
		flush: func() error { return nil },
	}
}
