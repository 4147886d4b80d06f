// Package eventtest holds events against the JSON Schemas that promise them. It is for tests alone.
package eventtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/glarimy/ums/shared/event"
	"github.com/glarimy/ums/shared/event/contract"
)

// Types returns every type of event that there is.
func Types() []string {
	return []string{event.TypeAdded, event.TypeChanged, event.TypeRemoved, event.TypeFound, event.TypeSearched}
}

// Check returns how an event differs from what its contract promises, or nil: its attributes and its data.
func Check(e event.Event) error {
	attributes := map[string]any{}
	for _, a := range e.Attributes() {
		attributes[a.Name] = a.Value
	}
	return errors.Join(e.Validate(), check("attributes.json", attributes), CheckData(e.Type, e.Data))
}

// CheckData returns how the data of an event of that type differs from its schema, or nil. Schemas leave room for more
// members; here there are none.
func CheckData(kind string, data []byte) error {
	if !slices.Contains(Types(), kind) {
		return fmt.Errorf("there is no type %q", kind)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("the data is no JSON: %w", err)
	}
	file := kind[strings.LastIndex(kind, ".")+1:] + ".json"
	return check(file, value)
}

func check(file string, value any) error {
	schema, err := compile(file)
	if err != nil {
		return err
	}
	if err := schema.Validate(value); err != nil {
		return fmt.Errorf("not as %s promises: %w", file, err)
	}
	known := members(schema)
	object, _ := value.(map[string]any)
	for name := range object {
		if !slices.Contains(known, name) {
			return fmt.Errorf("%s does not have the member %s", file, name)
		}
	}
	return nil
}

// members returns the names that a schema and those that it is made of know.
func members(s *jsonschema.Schema) []string {
	var names []string
	for name := range s.Properties {
		names = append(names, name)
	}
	for _, part := range s.AllOf {
		names = append(names, members(part)...)
	}
	if s.Ref != nil {
		names = append(names, members(s.Ref)...)
	}
	return names
}

const base = "https://ums.example/"

func compile(file string) (*jsonschema.Schema, error) {
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	compiler.UseRegexpEngine(engine)
	entries, err := contract.Files.ReadDir(".")
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), ".json") {
			continue
		}
		data, err := contract.Files.ReadFile(entry.Name())
		if err != nil {
			return nil, err
		}
		var document any
		if err := json.Unmarshal(data, &document); err != nil {
			return nil, fmt.Errorf("%s: %w", entry.Name(), err)
		}
		if err := compiler.AddResource(base+entry.Name(), document); err != nil {
			return nil, err
		}
	}
	return compiler.Compile(base + file)
}
