package openapi

import (
	"cmp"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// components collects the reusable parts of several documents in one. Those of one name that say the same are one; where
// they differ, the later one is called by its slot as well.
type components struct {
	all   object // section, then name
	names map[*part]map[component]string
}

func newComponents() components {
	return components{all: object{}, names: map[*part]map[component]string{}}
}

// adopt takes over from a part what a value refers to, and returns the value with its references changed accordingly.
func (c *components) adopt(p *part, value any) any {
	needed := p.closure(value)
	names := c.naming(p, needed)
	to := func(ref string) string {
		from, rest, ok := reference(ref)
		if !ok {
			return ref
		}
		return refPrefix + from.section + "/" + names[from] + rest
	}
	for from := range needed {
		section := at(c.all, from.section)
		if section == nil {
			section = object{}
			c.all[from.section] = section
		}
		section[names[from]] = rewrite(p.component(from), to)
	}
	return rewrite(value, to)
}

// closure returns all components that a value refers to, and those that these refer to.
func (p *part) closure(value any) map[component]bool {
	found := map[component]bool{}
	pending := []any{value}
	for len(pending) > 0 {
		next := pending[len(pending)-1]
		pending = pending[:len(pending)-1]
		refs(next, func(ref string) {
			if c, _, ok := reference(ref); ok && !found[c] {
				found[c] = true
				pending = append(pending, p.component(c))
			}
		})
	}
	return found
}

// naming finds the names of a part's components in the whole: their own, but for those that are taken by something else,
// and those that refer to such a one. A service may have chosen a name that another one's would get. Once a component has
// its name it keeps it.
func (c *components) naming(p *part, needed map[component]bool) map[component]string {
	names := maps.Clone(c.names[p])
	if names == nil {
		names = map[component]string{}
	}
	var open []component
	for from := range needed {
		if names[from] == "" {
			names[from] = from.name
			open = append(open, from)
		}
	}
	slices.SortFunc(open, func(a, b component) int {
		return cmp.Or(strings.Compare(a.section, b.section), strings.Compare(a.name, b.name))
	})
	for changed := true; changed; { // until no new name makes another necessary
		changed = false
		for _, from := range open {
			taken, isTaken := at(c.all, from.section)[names[from]]
			mine := rewrite(p.component(from), func(ref string) string {
				to, rest, _ := reference(ref)
				return refPrefix + to.section + "/" + names[to] + rest
			})
			if isTaken && !reflect.DeepEqual(taken, mine) {
				names[from], changed = names[from]+"."+p.name, true
			}
		}
	}
	c.names[p] = names
	return names
}
