package compress

import (
	"strconv"
	"strings"

	"github.com/glarimy/ums/gateway/exchange"
	"github.com/glarimy/ums/gateway/http1"
)

// Accepts reports whether a client would rather have gzip than an answer as it is (RFC 9110, section 12.5.3). One that says
// nothing of codings, or what cannot be read, gets none.
func Accepts(fields []exchange.Field) bool {
	gzip, identity, others := -1.0, -1.0, -1.0 // -1: nothing is said
	for i := range fields {
		if !http1.EqualFold(fields[i].Name, "Accept-Encoding") {
			continue
		}
		for item := range strings.SplitSeq(fields[i].Value, ",") {
			coding, weight, ok := parseItem(item)
			if !ok {
				return false
			}
			switch coding {
			case "gzip", "x-gzip":
				gzip = max(gzip, weight)
			case "identity":
				identity = max(identity, weight)
			case "*":
				others = max(others, weight)
			}
		}
	}
	if gzip < 0 {
		gzip = others
	}
	return gzip > 0 && gzip >= identity
}

// parseItem reads one member of Accept-Encoding: a coding and its weight, from 0 to 1.
func parseItem(item string) (coding string, weight float64, ok bool) {
	coding, parameter, found := strings.Cut(item, ";")
	coding = strings.ToLower(strings.Trim(coding, " \t"))
	if !found {
		return coding, 1, true
	}
	name, value, _ := strings.Cut(strings.Trim(parameter, " \t"), "=")
	weight, err := strconv.ParseFloat(value, 64)
	return coding, weight, strings.EqualFold(name, "q") && err == nil && weight >= 0 && weight <= 1
}
