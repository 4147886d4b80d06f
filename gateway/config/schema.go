package config

import (
	_ "embed"
	"slices"
)

//go:embed schema.json
var schema []byte

// Schema returns the JSON Schema (draft 2020-12) of the files that Load reads, for editors. It knows every key, and the
// form of every value; what one part of a file has to do with another only Load knows.
func Schema() []byte { return slices.Clone(schema) }
