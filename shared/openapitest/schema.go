package openapitest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"github.com/getkin/kin-openapi/openapi3"
)

// Schema is one schema of a document. It is safe for concurrent use.
type Schema struct {
	name string
	ref  *openapi3.SchemaRef
}

// Check returns why the schema refuses a value, or nil. The value is one JSON text.
func (s *Schema) Check(text []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return fmt.Errorf("no JSON: %w", err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return fmt.Errorf("more than one JSON value")
	}
	return s.ref.Value.VisitJSON(value, openapi3.EnableJSONSchema2020())
}

// Bounds are the numbers that a schema gives. Those that it does not give are zero.
type Bounds struct {
	Minimum, Maximum     float64
	MinLength, MaxLength uint64
	Pattern              string
}

// Bounds returns the numbers that the schema gives.
func (s *Schema) Bounds() Bounds {
	b := Bounds{MinLength: s.ref.Value.MinLength, Pattern: s.ref.Value.Pattern}
	if s.ref.Value.Min != nil {
		b.Minimum = *s.ref.Value.Min
	}
	if s.ref.Value.Max != nil {
		b.Maximum = *s.ref.Value.Max
	}
	if s.ref.Value.MaxLength != nil {
		b.MaxLength = *s.ref.Value.MaxLength
	}
	return b
}
