package openapi

import (
	"errors"
	"fmt"
	"strings"
)

// part is what one slot, or the gateway, says of itself: an OpenAPI document of which operations can be taken.
type part struct {
	name string // of the slot
	root object
}

// newPart reads a document. It looks at what composing depends on, and no further: whether the document is right in all
// respects is for its author's tests.
func newPart(name string, data []byte) (*part, error) {
	root, err := parse(data)
	if err != nil {
		return nil, err
	}
	if version := text(root, "openapi"); !strings.HasPrefix(version, "3.") {
		return nil, fmt.Errorf("it is no document of OpenAPI 3, but says %q", version)
	}
	if at(root, "paths") == nil {
		return nil, errors.New("it has no paths")
	}
	p := &part{name: name, root: root}
	refs(root, func(ref string) {
		if c, _, ok := reference(ref); !ok || p.component(c) == nil {
			err = errors.Join(err, fmt.Errorf("it refers to %q, which is not among its components", ref))
		}
	})
	if err != nil {
		return nil, err
	}
	return p, nil
}

// component returns a reusable part, or nil.
func (p *part) component(c component) any {
	return at(p.root, "components", c.section)[c.name]
}

// operation returns what the document says of a method of a path, both in the form of gateway.yaml, with the parameters
// that all methods of the path have; or nil.
func (p *part) operation(method, path string) object {
	item := at(p.root, "paths", path)
	op := at(item, strings.ToLower(method))
	if op == nil {
		return nil
	}
	var shared []any
	for _, parameter := range list(item, "parameters") {
		if !p.has(list(op, "parameters"), parameter) {
			shared = append(shared, parameter)
		}
	}
	if len(shared) == 0 {
		return op
	}
	return with(op, "parameters", append(shared, list(op, "parameters")...))
}

// has reports whether some parameters have one of the same place and name as another.
func (p *part) has(parameters []any, other any) bool {
	o := p.resolve(other)
	for _, parameter := range parameters {
		if q := p.resolve(parameter); text(q, "in") == text(o, "in") && text(q, "name") == text(o, "name") {
			return true
		}
	}
	return false
}

// resolve follows a reference to what it is to. Of a reference to a reference that leads in a circle it returns nil.
func (p *part) resolve(value any) object {
	const deepest = 16
	o, _ := value.(object)
	for range deepest {
		ref, isRef := o["$ref"].(string)
		if !isRef {
			return o
		}
		c, _, _ := reference(ref)
		o, _ = p.component(c).(object)
	}
	return nil
}
