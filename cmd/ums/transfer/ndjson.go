package transfer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"
)

// parseJSON reads an object of name, phone and, without looking at it, since. What the name and the phone are is the
// API's to judge, but for a name that is no text: there is nothing that could be told of it.
func parseJSON(text []byte, row *Row) {
	if err := readObject(text, row); err != nil {
		row.Name, row.Phone = "", ""
		row.Fault = malformed(codeMalformed, err.Error(), text)
	}
}

func readObject(text []byte, row *Row) error {
	in := jsontext.NewDecoder(bytes.NewBuffer(text))
	if begin, err := in.ReadToken(); err != nil || begin.Kind() != '{' {
		return errors.New("the row is not a JSON object")
	}
	seen := map[string]bool{}
	for in.PeekKind() != '}' {
		key, err := in.ReadToken()
		if err != nil {
			return notJSON(err)
		}
		name := key.String()
		value, err := in.ReadValue()
		if err != nil {
			return notJSON(err)
		}
		seen[name] = true
		switch name {
		case "name":
			if value.Kind() != '"' {
				return errors.New("the name is not a JSON string")
			}
			if err := json.Unmarshal(value, &row.Name); err != nil {
				return notJSON(err)
			}
		case "phone":
			row.Phone = string(value)
		case "since":
		default:
			return fmt.Errorf("the row has the field %.40q: the fields are name and phone, and since, which is read over", name)
		}
	}
	if _, err := in.ReadToken(); err != nil {
		return notJSON(err)
	}
	if len(bytes.TrimSpace(text[in.InputOffset():])) > 0 {
		return errors.New("there is more on the line than one JSON object")
	}
	for _, name := range []string{"name", "phone"} {
		if !seen[name] {
			return fmt.Errorf("the row lacks the field %s", name)
		}
	}
	return nil
}

func notJSON(err error) error {
	if syntax, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		return fmt.Errorf("the row is not JSON: at byte %d: %w", syntax.ByteOffset+1, syntax.Err)
	}
	return fmt.Errorf("the row is not JSON: %w", err)
}
