package search

import (
	"strings"

	"github.com/glarimy/ums/shared/problem"
)

// query is what one request asks for.
type query struct {
	*parameters
	list  list
	limit int
}

// filter is one family of parameters, and the list that it stands for.
type filter struct {
	parameters []string
	list       func(*parameters) list // notes faults; what it returns beside them is not used
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

// readQuery reads a raw query. The error is a [*refusal].
func readQuery(raw string) (query, error) {
	p := readParameters(raw)
	q := query{parameters: p, list: nameList{}, limit: p.limit()}
	var used []string
	families := 0
	for _, f := range filters() {
		if present := p.present(f.parameters); len(present) > 0 {
			families++
			used = append(used, present...)
			q.list = f.list(p)
		}
	}
	switch {
	case len(p.faults) > 0:
		return query{}, refuse(problem.InvalidParameter, "Mend the parameters in errors and send the request again.", p.faults)
	case families > 1:
		for _, parameter := range used {
			p.fault(parameter, codeCombined, "it belongs to another filter than the others")
		}
		return query{}, refuse(problem.UnsupportedCombination,
			"A request has one filter. Leave out all but one of "+strings.Join(used, ", ")+".", p.faults)
	}
	return q, nil
}

// present returns those of some parameters that the query has.
func (p *parameters) present(some []string) []string {
	var present []string
	for _, parameter := range some {
		if p.values.Has(parameter) {
			present = append(present, parameter)
		}
	}
	return present
}

// refusal is a query that cannot be answered, as the client is told it.
type refusal struct {
	problem problem.Problem
}

func refuse(kind problem.Type, detail string, faults []problem.FieldError) error {
	return &refusal{problem: problem.New(kind, detail, faults...)}
}

func (r *refusal) Error() string { return r.problem.Title }
