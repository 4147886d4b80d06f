// Package edges reads the list of who may speak to whom, and makes network policies of it.
package edges

import (
	"fmt"
	"os"
	"slices"

	"sigs.k8s.io/yaml"
)

// Edge says that one workload opens connections to a port of another.
type Edge struct {
	From string `json:"from"`
	To   string `json:"to"`
	Port int32  `json:"port"`

	// Variable is what a program reads if it needs the edge; empty for edges of those who read none.
	Variable string `json:"variable,omitempty"`

	// Where is Kubernetes or Compose for an edge of one of them alone, and empty for one of both.
	Where Place `json:"where,omitempty"`

	// Optional is true of an edge that is only there where somebody asks for it, by its component or an override.
	Optional bool `json:"optional,omitempty"`
}

// component is the folder of an optional edge.
func (e Edge) component() string { return "deploy/components/" + e.From + "-" + e.To }

// Place is where the system runs.
type Place string

// Where edges may be.
const (
	Kubernetes Place = "kubernetes"
	Compose    Place = "compose"
)

// List is the whole of deploy/edges.yaml.
type List struct {
	Edges []Edge `json:"edges"`

	// Outside maps who is outside of the namespace of UMS to the namespace that it is in.
	Outside map[string]string `json:"outside"`
}

// Load reads a list. A field that there is not is an error, and so is an edge that is there twice.
func Load(file string) (List, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return List{}, fmt.Errorf("read the edges: %w", err)
	}
	var list List
	if err := yaml.UnmarshalStrict(content, &list); err != nil {
		return List{}, fmt.Errorf("%s: %w", file, err)
	}
	seen := map[[2]string]bool{}
	for _, e := range list.Edges {
		pair := [2]string{e.From, e.To}
		switch {
		case e.From == "" || e.To == "" || e.Port < 1:
			return List{}, fmt.Errorf("%s: an edge needs from, to and port: %+v", file, e)
		case e.Where != "" && e.Where != Kubernetes && e.Where != Compose:
			return List{}, fmt.Errorf("%s: where is %q: use kubernetes, compose or neither", file, e.Where)
		case seen[pair]:
			return List{}, fmt.Errorf("%s: the edge from %s to %s is there twice", file, e.From, e.To)
		}
		seen[pair] = true
	}
	return list, nil
}

// In returns the edges that there are in one place, without the optional ones.
func (l List) In(place Place) []Edge {
	return slices.DeleteFunc(slices.Clone(l.Edges), func(e Edge) bool { return e.Optional || e.Where != "" && e.Where != place })
}

// OptionalIn returns the edges that there may be in one place.
func (l List) OptionalIn(place Place) []Edge {
	return slices.DeleteFunc(slices.Clone(l.Edges), func(e Edge) bool { return !e.Optional || e.Where != "" && e.Where != place })
}

// To returns the edges in one place that end at a workload.
func (l List) To(place Place, workload string) []Edge {
	return slices.DeleteFunc(l.In(place), func(e Edge) bool { return e.To != workload })
}

// From returns the edges in one place that begin at a workload.
func (l List) From(place Place, workload string) []Edge {
	return slices.DeleteFunc(l.In(place), func(e Edge) bool { return e.From != workload })
}
