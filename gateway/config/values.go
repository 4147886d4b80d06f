package config

import (
	"time"

	"go.yaml.in/yaml/v4"
)

// texts returns one value or a list of them, none empty; what names them in messages.
func (r *reader) texts(n *yaml.Node, what string) []string {
	items := []*yaml.Node{n}
	if follow(n).Kind == yaml.SequenceNode {
		items = r.sequence(n, what)
	}
	var list []string
	for _, item := range items {
		text, ok := r.text(item, what)
		if ok && text == "" {
			r.fault(item, "%s is empty", what)
		}
		list = append(list, text)
	}
	return list
}

// duration returns a time within bounds; what names it in messages.
func (r *reader) duration(n *yaml.Node, what string, least, most time.Duration) time.Duration {
	text, ok := r.text(n, what)
	if !ok {
		return 0
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		r.fault(n, "%s %q is no duration: write it like 30s or 10m", what, text)
	} else if d < least || d > most {
		r.fault(n, "%s %s is outside %s to %s", what, d, least, most)
	}
	return d
}

// scopes reads the scopes that a route needs.
func (r *reader) scopes(n *yaml.Node) []string {
	list := r.texts(n, "a scope")
	for _, scope := range list {
		if !isScope(scope) {
			r.fault(n, "%q is no scope: write it like users:read", scope)
		}
	}
	return list
}

func isScope(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c > '~' || c == '"' || c == '\\' || c == ',' {
			return false
		}
	}
	return true // an empty one is told already
}
