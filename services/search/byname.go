package search

import (
	"slices"
	"strings"

	"github.com/glarimy/ums/shared/database"
	"github.com/glarimy/ums/shared/urlquery"
	"github.com/glarimy/ums/shared/user"
)

// nameList is all users, or those whose names begin with something, by name.
type nameList struct {
	prefix user.NamePrefix // the zero prefix for all
}

func byNamePrefix(p *urlquery.Parameters) list {
	prefix, err := user.NewNamePrefix(p.Values.Get(paramNamePrefix))
	if err != nil {
		p.Invalid(paramNamePrefix, err)
	}
	return nameList{prefix: prefix}
}

func (l nameList) all() bool { return l.prefix == user.NamePrefix{} }

func (l nameList) filter() string {
	if l.all() {
		return "none"
	}
	return paramNamePrefix
}

func (l nameList) binding() string { return l.filter() + "\x00" + l.prefix.String() }

// after walks from the prefix, or from the position where that is further, to the end of the prefix.
//
// The range is not enough: MySQL's comparison does as if the shorter text had spaces at its end, so that "Krishna Mohan"
// lies in the range of "Krishna Mohan ". And LIKE must not be used to mend that: the range that MySQL and MariaDB make of
// LIKE 'x%' in utf8mb4_bin ends at U+FFFF, so that names with a character of four bytes behind the prefix are lost.
// INSTR makes no range, and knows no metacharacters.
func (l nameList) after(p position, _ database.Dialect) []statement {
	s := statement{where: "name > ?", order: "name", args: []any{p.name}}
	if l.all() {
		return []statement{s}
	}
	if p.name == "" {
		s.where, s.args = "name >= ?", []any{l.prefix.String()}
	}
	s.where += " AND name < ? AND INSTR(name, ?) = 1"
	s.args = append(s.args, l.prefix.End(), l.prefix.String())
	return []statement{s}
}

func (nameList) position(r row) position { return position{name: r.name} }

// maxNames is how many users can be asked for by their names.
const maxNames = 100

// namedList is those users who have one of some names, by name. A name that nobody has is passed over.
type namedList struct {
	names []string // in order, each once
}

func byNames(p *urlquery.Parameters) list {
	var names []string
	for _, text := range p.Values[paramName] {
		name, err := user.NewName(text)
		if err != nil {
			p.Invalid(paramName, err)
		}
		names = append(names, name.String())
	}
	slices.Sort(names) // as the databases do: by code points, which is by bytes in UTF-8
	return namedList{names: slices.Compact(names)}
}

func (namedList) filter() string { return paramName }

func (l namedList) binding() string {
	return paramName + "\x00" + strings.Join(l.names, "\x00") // which is in no name
}

func (l namedList) after(p position, _ database.Dialect) []statement {
	from, found := slices.BinarySearch(l.names, p.name)
	if found {
		from++
	}
	rest := l.names[from:]
	if len(rest) == 0 {
		return nil
	}
	s := statement{where: "name IN (?" + strings.Repeat(", ?", len(rest)-1) + ")", order: "name"}
	for _, name := range rest {
		s.args = append(s.args, name)
	}
	return []statement{s}
}

func (namedList) position(r row) position { return position{name: r.name} }
