package openapi

import "reflect"

// components collects the reusable parts of several documents in one. Those of one name that say the same are one; where
// they differ, the later one is called by its slot as well.
type components struct {
	all object // section, then name
}

// adopt takes over from a part what a value refers to, and returns the value with its references changed accordingly.
func (c *components) adopt(p *part, value any) any {
	needed := p.closure(value)
	names := c.names(p, needed)
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

// names finds the names of a part's components in the whole: their own, but for those that are taken by something else,
// and those that refer to such a one.
func (c *components) names(p *part, needed map[component]bool) map[component]string {
	names := make(map[component]string, len(needed))
	for from := range needed {
		names[from] = from.name
	}
	for changed := true; changed; { // until no new name makes another necessary
		changed = false
		for from := range needed {
			if names[from] != from.name {
				continue
			}
			taken, isTaken := at(c.all, from.section)[from.name]
			mine := rewrite(p.component(from), func(ref string) string {
				to, rest, _ := reference(ref)
				return refPrefix + to.section + "/" + names[to] + rest
			})
			if isTaken && !reflect.DeepEqual(taken, mine) {
				names[from], changed = from.name+"."+p.name, true
			}
		}
	}
	return names
}
