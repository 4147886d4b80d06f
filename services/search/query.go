package search

import (
	"strings"

	"github.com/glarimy/ums/shared/problem"
	"github.com/glarimy/ums/shared/urlquery"
)

// query is what one request asks for.
type query struct {
	*urlquery.Parameters
	list  list
	limit int
}

// filter is one family of parameters, and the list that it stands for.
type filter struct {
	parameters []string
	list       func(*urlquery.Parameters) list // notes faults; what it returns beside them is not used
}

// filters returns the families. A request has at most one: each has an order of its own, which an index keeps.
func filters() []filter {
	return []filter{
		{parameters: []string{paramNamePrefix}, list: byNamePrefix},
		{parameters: []string{paramPhone}, list: byPhone},
		{parameters: []string{paramPhonePrefix}, list: byPhonePrefix},
		{parameters: []string{paramSinceFrom, paramSinceTo}, list: bySince},
		{parameters: []string{paramName}, list: byNames},
	}
}

// readQuery reads a raw query. The error is a [*urlquery.RefusedError].
func readQuery(raw string) (query, error) {
	p := readParameters(raw)
	q := query{Parameters: p, list: nameList{}, limit: p.Limit()}
	var used []string
	families := 0
	for _, f := range filters() {
		if there := present(p, f.parameters); len(there) > 0 {
			families++
			used = append(used, there...)
			q.list = f.list(p)
		}
	}
	switch {
	case len(p.Faults) > 0:
		return query{}, p.Refused()
	case families > 1:
		for _, parameter := range used {
			p.Fault(parameter, codeCombined, "it belongs to another filter than the others")
		}
		return query{}, urlquery.Refuse(problem.UnsupportedCombination,
			"A request has one filter. Leave out all but one of "+strings.Join(used, ", ")+".", p.Faults...)
	}
	return q, nil
}

// present returns those of some parameters that the query has.
func present(p *urlquery.Parameters, some []string) []string {
	var present []string
	for _, parameter := range some {
		if p.Values.Has(parameter) {
			present = append(present, parameter)
		}
	}
	return present
}
