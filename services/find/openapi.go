package find

import _ "embed" // for the document

// OpenAPI is the document of the slot's HTTP contract.
//
//go:embed openapi.yaml
var OpenAPI string
