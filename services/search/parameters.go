package search

import (
	"fmt"

	"github.com/glarimy/ums/shared/urlquery"
)

// The parameters of a query, beside the limit and the cursor.
const (
	paramNamePrefix  = "name_prefix"
	paramPhone       = "phone"
	paramPhonePrefix = "phone_prefix"
	paramSinceFrom   = "since_from"
	paramSinceTo     = "since_to"
	paramName        = "name"
)

// Codes of what can be wrong with a parameter, beside those of the packages user and urlquery. They are part of the public
// API.
const (
	codeTooMany  = "too-many"
	codeCombined = "combination"
)

// readParameters reads a raw query.
func readParameters(raw string) *urlquery.Parameters {
	p := urlquery.Read(raw, []string{
		paramName, paramNamePrefix, paramPhone, paramPhonePrefix, paramSinceFrom, paramSinceTo, urlquery.Limit, urlquery.Cursor,
	}, paramName)
	if n := len(p.Values[paramName]); n > maxNames {
		p.Fault(paramName, codeTooMany, fmt.Sprintf("there are %d names; a request has at most %d", n, maxNames))
	}
	return p
}
