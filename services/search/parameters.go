package search

import (
	"errors"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/glarimy/ums/shared/problem"
	"github.com/glarimy/ums/shared/user"
)

// The parameters of a query.
const (
	paramLimit       = "limit"
	paramCursor      = "cursor"
	paramNamePrefix  = "name_prefix"
	paramPhone       = "phone"
	paramPhonePrefix = "phone_prefix"
	paramSinceFrom   = "since_from"
	paramSinceTo     = "since_to"
	paramName        = "name"
)

func allParameters() []string {
	return []string{
		paramName, paramNamePrefix, paramPhone, paramPhonePrefix, paramSinceFrom, paramSinceTo, paramLimit, paramCursor,
	}
}

// Codes of what can be wrong with a parameter, beside those of package user. They are part of the public API.
const (
	codeUnknown   = "unknown-parameter"
	codeDuplicate = "duplicate-parameter"
	codeTooMany   = "too-many"
	codeFormat    = "format"
	codeTooEarly  = "too-early"
	codeCombined  = "combination"
)

// parameters are those of one query, and what is wrong with them.
type parameters struct {
	values url.Values // each known parameter, decoded
	faults []problem.FieldError
}

// readParameters reads a raw query strictly: what net/url passes over, or mends, is a fault.
func readParameters(raw string) *parameters {
	p := &parameters{values: url.Values{}}
	for pair := range strings.SplitSeq(raw, "&") {
		if pair != "" {
			p.add(pair)
		}
	}
	if n := len(p.values[paramName]); n > maxNames {
		p.fault(paramName, codeTooMany, fmt.Sprintf("there are %d names; a request has at most %d", n, maxNames))
	}
	return p
}

func (p *parameters) add(pair string) {
	rawKey, rawValue, _ := strings.Cut(pair, "=")
	key, err := url.QueryUnescape(rawKey)
	if err != nil {
		p.fault(rawKey, user.CodeEncoding, "the parameter's name is not percent-encoded correctly")
		return
	}
	value, err := url.QueryUnescape(rawValue)
	switch {
	case !slices.Contains(allParameters(), key):
		p.fault(key, codeUnknown, "there is no such parameter; there are "+strings.Join(allParameters(), ", "))
	case err != nil:
		p.fault(key, user.CodeEncoding, "the value is not percent-encoded correctly")
	case key != paramName && p.values.Has(key):
		p.fault(key, codeDuplicate, "the parameter is there more than once")
	default:
		p.values.Add(key, value)
	}
}

// maxFaults bounds the answer to a query of nothing but faults.
const maxFaults = 16

func (p *parameters) fault(parameter, code, detail string) {
	if len(p.faults) < maxFaults {
		p.faults = append(p.faults, problem.FieldError{Pointer: user.Pointer(parameter), Code: code, Detail: detail})
	}
}

// invalid notes an error of the domain's as the parameter's fault.
func (p *parameters) invalid(parameter string, err error) {
	if why, ok := errors.AsType[*user.InvalidError](err); ok {
		p.fault(parameter, why.Code, why.Detail)
	} else {
		p.fault(parameter, codeFormat, err.Error())
	}
}

// Bounds of a page's size.
const (
	defaultLimit = 50
	maxLimit     = 500
)

// limit returns how many users a page has at most.
func (p *parameters) limit() int {
	if !p.values.Has(paramLimit) {
		return defaultLimit
	}
	switch n, ok := parseInteger(p.values.Get(paramLimit)); {
	case !ok:
		p.fault(paramLimit, user.CodeNotInteger, "the limit must be an integer in decimal digits")
	case n < 1:
		p.fault(paramLimit, user.CodeTooSmall, "the limit must be at least 1")
	case n > maxLimit:
		p.fault(paramLimit, user.CodeTooLarge, fmt.Sprintf("the limit may be at most %d", maxLimit))
	default:
		return int(n)
	}
	return 0
}

// parseInteger reads decimal digits without a sign and without zeros before them. What is beyond 64 bits counts as the
// largest number of 64 bits.
func parseInteger(text string) (uint64, bool) {
	if !isDigits(text) || len(text) > 1 && text[0] == '0' {
		return 0, false
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil { // out of range is all that is left
		return math.MaxUint64, true
	}
	return n, true
}

func isDigits(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}
