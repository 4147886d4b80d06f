// Package contract holds the contract of the events for people and programs in any language: asyncapi.yaml, and the JSON
// Schemas of the attributes and of the data of each type.
package contract

import "embed"

// Files are asyncapi.yaml and, beside it, the schemas that it refers to.
//
//go:embed asyncapi.yaml *.json
var Files embed.FS
