package stale

import (
	"strconv"
	"strings"
	"time"
)

// maxAge is the largest Age that is believed: beyond it an answer is of no use anyway.
const maxAge = 365 * 24 * time.Hour

// storable reports whether an answer with these headers may be kept and given out when it is stale, and how old it is.
func storable(headers []Header) (age time.Duration, ok bool) {
	for _, h := range headers {
		switch {
		case strings.EqualFold(h.Name, "Cache-Control"):
			if forbids(h.Value) {
				return 0, false
			}
		case strings.EqualFold(h.Name, "Vary"), strings.EqualFold(h.Name, "Set-Cookie"):
			// It is not the same for every client.
			return 0, false
		case strings.EqualFold(h.Name, "Age"):
			seconds, err := strconv.ParseUint(strings.TrimSpace(h.Value), 10, 31)
			if err != nil || time.Duration(seconds)*time.Second > maxAge {
				return 0, false
			}
			age = time.Duration(seconds) * time.Second
		}
	}
	return age, true
}

// forbids reports whether a Cache-Control field has a directive that forbids what this package does. Directives with a
// list of fields (private="x") are taken for those without.
func forbids(value string) bool {
	quoted := false
	split := func(r rune) bool {
		if r == '"' {
			quoted = !quoted
		}
		return r == ',' && !quoted
	}
	for directive := range strings.FieldsFuncSeq(value, split) {
		name, _, _ := strings.Cut(directive, "=")
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "no-store", "private", "must-revalidate", "proxy-revalidate":
			return true
		}
	}
	return false
}
