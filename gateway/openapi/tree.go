package openapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"

	"go.yaml.in/yaml/v4"
)

// object is a mapping of a document. A document is made of objects, []any, strings, json.Numbers, booleans and nil, as
// encoding/json has them; nobody changes one once it is read.
type object = map[string]any

// What a document may hold, aliases written out: a short one can have a long text in many places. The largest of UMS has
// 4,000 nodes and 40,000 bytes of text.
const (
	maxNodes = 100_000
	maxText  = 4 << 20
)

// budget is what a document may still hold.
type budget struct{ nodes, text int }

func (b *budget) spend(text string) error {
	b.nodes--
	b.text -= len(text)
	if b.nodes < 0 || b.text < 0 {
		return fmt.Errorf("the document has more than %d nodes, or %d bytes of text", maxNodes, maxText)
	}
	return nil
}

// parse reads a document in YAML, or in JSON, which is YAML. It is what anybody may have written, so that a fault of the
// parser's must not end the gateway.
func parse(data []byte) (document object, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("the YAML parser fails: %v", fault)
		}
	}()
	var root yaml.Node
	if err := yaml.Unmarshal(data, &root); err != nil {
		return nil, fmt.Errorf("not YAML: %w", err)
	}
	if len(root.Content) != 1 {
		return nil, errors.New("not one YAML document")
	}
	value, err := convert(root.Content[0], &budget{nodes: maxNodes, text: maxText})
	if err != nil {
		return nil, err
	}
	document, isMapping := value.(object)
	if !isMapping {
		return nil, errors.New("not a mapping")
	}
	return document, nil
}

// convert makes of a node what JSON can say. Keys become text, as `200` without quotes is in many documents; so do
// timestamps, which JSON does not have. left is what may come yet.
func convert(n *yaml.Node, left *budget) (any, error) {
	if err := left.spend(n.Value); err != nil {
		return nil, err
	}
	switch n.Kind {
	case yaml.AliasNode:
		return convert(n.Alias, left)
	case yaml.MappingNode:
		mapping := make(object, len(n.Content)/2)
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Kind != yaml.ScalarNode {
				return nil, fmt.Errorf("line %d: a key is no text", n.Content[i].Line)
			}
			if err := left.spend(n.Content[i].Value); err != nil {
				return nil, err
			}
			value, err := convert(n.Content[i+1], left)
			if err != nil {
				return nil, err
			}
			mapping[n.Content[i].Value] = value
		}
		return mapping, nil
	case yaml.SequenceNode:
		sequence := make([]any, len(n.Content))
		for i, item := range n.Content {
			var err error
			if sequence[i], err = convert(item, left); err != nil {
				return nil, err
			}
		}
		return sequence, nil
	default:
		return scalar(n)
	}
}

func scalar(n *yaml.Node) (any, error) {
	switch n.ShortTag() {
	case "!!null":
		return nil, nil //nolint:nilnil // this is the value null
	case "!!bool":
		var b bool
		return b, n.Decode(&b)
	case "!!int", "!!float":
		if isNumber(n.Value) {
			return json.Number(n.Value), nil // as it is written: no digit is lost
		}
		var number any
		if err := n.Decode(&number); err != nil {
			return nil, err
		}
		text, err := json.Marshal(number)
		return json.Number(text), err
	default:
		return n.Value, nil
	}
}

// isNumber reports whether JSON can have a number as it is written. A tag makes a number of any text.
func isNumber(text string) bool {
	return text != "" && strings.Trim(text, "+-.0123456789Ee") == "" && json.Valid([]byte(text))
}

// at returns what lies at a path of keys, or nil.
func at(o object, keys ...string) object {
	for _, key := range keys {
		o, _ = o[key].(object)
	}
	return o
}

// text returns the string of a key, or "".
func text(o object, key string) string {
	s, _ := o[key].(string)
	return s
}

// list returns the sequence of a key, or nil.
func list(o object, key string) []any {
	l, _ := o[key].([]any)
	return l
}

// with returns a copy of o with one key set.
func with(o object, key string, value any) object {
	o = maps.Clone(o)
	if o == nil {
		o = object{}
	}
	o[key] = value
	return o
}

const refPrefix = "#/components/"

// component is the place of a reusable part of a document, such as schemas and User.
type component struct {
	section, name string
}

// reference reads a $ref. Its rest is what leads further into the component, with its slash, and mostly "".
func reference(ref string) (c component, rest string, ok bool) {
	path, ok := strings.CutPrefix(ref, refPrefix)
	if !ok {
		return component{}, "", false
	}
	section, path, _ := strings.Cut(path, "/")
	name, _, _ := strings.Cut(path, "/")
	return component{section: section, name: name}, path[len(name):], section != "" && name != ""
}

// refs calls visit for every $ref below value. A key called $ref in an example counts as well, which does no harm.
func refs(value any, visit func(ref string)) {
	switch value := value.(type) {
	case object:
		if ref, ok := value["$ref"].(string); ok {
			visit(ref)
		}
		for _, v := range value {
			refs(v, visit)
		}
	case []any:
		for _, v := range value {
			refs(v, visit)
		}
	}
}

// rewrite returns a copy of value with every $ref replaced by what to returns for it.
func rewrite(value any, to func(ref string) string) any {
	switch value := value.(type) {
	case object:
		out := make(object, len(value))
		for k, v := range value {
			if ref, ok := v.(string); ok && k == "$ref" {
				out[k] = to(ref)
			} else {
				out[k] = rewrite(v, to)
			}
		}
		return out
	case []any:
		out := make([]any, len(value))
		for i, v := range value {
			out[i] = rewrite(v, to)
		}
		return out
	default:
		return value
	}
}
