package config

import (
	"fmt"
	"strings"
)

// Lookup returns the value of an environment variable, or "" if it is not set. An error says why it cannot be read.
type Lookup func(name string) (string, error)

// expand replaces ${NAME} and ${NAME:-default} in a value. As in a shell, the default also stands in for a variable
// that is set but empty. $$ is one dollar sign; any other dollar sign is an error. What a variable holds is not
// expanded again.
func expand(value string, lookup Lookup) (string, error) {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(value, "$")
		b.WriteString(before)
		switch {
		case !found:
			return b.String(), nil
		case strings.HasPrefix(after, "$"):
			b.WriteByte('$')
			value = after[1:]
		case strings.HasPrefix(after, "{"):
			reference, rest, closed := strings.Cut(after[1:], "}")
			if !closed {
				return "", fmt.Errorf("${%s has no closing brace", reference)
			}
			text, err := resolve(reference, lookup)
			if err != nil {
				return "", err
			}
			b.WriteString(text)
			value = rest
		default:
			return "", fmt.Errorf("a dollar sign begins ${NAME} or ${NAME:-default}; write $$ for the sign itself")
		}
	}
}

func resolve(reference string, lookup Lookup) (string, error) {
	name, fallback, hasFallback := strings.Cut(reference, ":-")
	if !isVariable(name) {
		return "", fmt.Errorf("${%s} does not name an environment variable", reference)
	}
	value, err := lookup(name)
	switch {
	case err != nil:
		return "", err
	case value != "":
		return value, nil
	case hasFallback:
		return fallback, nil
	}
	return "", fmt.Errorf("the environment variable %s is not set, and ${%s} gives no default", name, name)
}

func isVariable(name string) bool {
	for i := range len(name) {
		c := name[i]
		switch {
		case c == '_', 'a' <= c|0x20 && c|0x20 <= 'z':
		case '0' <= c && c <= '9' && i > 0:
		default:
			return false
		}
	}
	return name != ""
}
