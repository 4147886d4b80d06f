package eventtest

import (
	"regexp"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// engine reads the patterns of schemas, which write characters as ECMAScript does, with Go's regular expressions.
func engine(pattern string) (jsonschema.Regexp, error) {
	characters := regexp.MustCompile(`\\u([0-9A-Fa-f]{4})`)
	re, err := regexp.Compile(characters.ReplaceAllString(pattern, `\x{$1}`))
	if err != nil {
		return nil, err
	}
	return re, nil
}
