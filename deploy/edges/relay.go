package edges

import (
	"slices"

	networkingv1 "k8s.io/api/networking/v1"
)

// relay is the program that is only there where a filling of add needs it; all its edges are optional.
const relay = "relay"

// Components returns the optional edges on Kubernetes between programs that are always there: each is a component.
func (l List) Components() []Edge {
	return slices.DeleteFunc(l.OptionalIn(Kubernetes), func(e Edge) bool { return e.From == relay || e.To == relay })
}

// Beside returns what lets a program do what its optional edges say, and those whom it speaks to take it, beside what they
// may do without it.
func (l List) Beside(program string) []*networkingv1.NetworkPolicy {
	own := List{Outside: l.Outside}
	for _, e := range l.OptionalIn(Kubernetes) {
		if e.From == program || e.To == program {
			e.Optional = false
			own.Edges = append(own.Edges, e)
		}
	}
	policies := []*networkingv1.NetworkPolicy{own.Policy(program)}
	for _, e := range own.From(Kubernetes, program) {
		policies = append(policies, l.Optional(e)[1])
	}
	return policies
}
