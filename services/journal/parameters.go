package journal

import (
	"errors"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/glarimy/ums/shared/problem"
	"github.com/glarimy/ums/shared/user"
)

// The parameters of a query.
const (
	paramUser   = "user"
	paramType   = "type"
	paramFrom   = "from"
	paramTo     = "to"
	paramOrder  = "order"
	paramLimit  = "limit"
	paramCursor = "cursor"
)

// Codes of what can be wrong with a parameter, beside those of package user. They are part of the public API.
const (
	codeUnknown   = "unknown-parameter"
	codeDuplicate = "duplicate-parameter"
	codeFormat    = "format"
	codeTooEarly  = "too-early"
)

// parameters are those of one query, and what is wrong with them.
type parameters struct {
	known  []string
	values url.Values // each known parameter, decoded
	faults []problem.FieldError
}

// readParameters reads a raw query strictly: what net/url passes over, or mends, is a fault.
func readParameters(raw string, known ...string) *parameters {
	p := &parameters{known: known, values: url.Values{}}
	for pair := range strings.SplitSeq(raw, "&") {
		if pair != "" {
			p.add(pair)
		}
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
	case !slices.Contains(p.known, key):
		p.fault(key, codeUnknown, "there is no such parameter; there are "+strings.Join(p.known, ", "))
	case err != nil:
		p.fault(key, user.CodeEncoding, "the value is not percent-encoded correctly")
	case p.values.Has(key):
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

// filter reads whose events are asked for, and of which type.
func (p *parameters) filter() (f filter) {
	if p.values.Has(paramUser) {
		name, err := user.NewName(p.values.Get(paramUser))
		if why, ok := errors.AsType[*user.InvalidError](err); ok {
			p.fault(paramUser, why.Code, why.Detail)
		}
		f.user = name.String()
	}
	if p.values.Has(paramType) {
		f.kind = p.values.Get(paramType)
		if !isType(f.kind) {
			p.fault(paramType, codeFormat, "the type is not one of an event, such as com.glarimy.ums.user.added")
		}
	}
	return f
}

// isType reports whether text can be the type of an event at all. That nobody knows the type is no fault: a filling of a
// slot may have types of its own.
func isType(text string) bool {
	const longest = 255
	return text != "" && len(text) <= longest && strings.IndexFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) < 0
}

// Bounds of a page's size.
const (
	defaultLimit = 50
	maxLimit     = 500
)

// limit returns how many events a page has at most.
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

// descending reads the order, which is ascending where nothing is said.
func (p *parameters) descending() bool {
	if !p.values.Has(paramOrder) {
		return false
	}
	order := p.values.Get(paramOrder)
	if order != "asc" && order != "desc" {
		p.fault(paramOrder, codeFormat, "the order is asc, oldest first, or desc")
	}
	return order == "desc"
}

// moment returns a parameter as the first microsecond that is not before it, or nil where it is absent. As all that is
// stored is in whole microseconds, that is as good a bound.
func (p *parameters) moment(parameter string) *time.Time {
	if !p.values.Has(parameter) {
		return nil
	}
	text := p.values.Get(parameter)
	t, err := time.Parse(time.RFC3339, text)
	if err != nil || mended(text) {
		p.fault(parameter, codeFormat, "the value is not a timestamp of RFC 3339, such as 2022-09-12T10:00:00Z; "+
			"in a query the + of an offset is written %2B")
		return nil
	}
	if up := t.Truncate(time.Microsecond); up.Before(t) {
		t = up.Add(time.Microsecond)
	}
	t = t.UTC()
	if first := time.Date(1000, 1, 1, 0, 0, 0, 0, time.UTC); t.Before(first) { // the first that both databases can store
		t = first
	}
	if last := time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC); t.After(last) {
		t = last
	}
	return &t
}

// mended reports whether time.Parse took a text that RFC 3339 does not allow: with one digit for the hour, or a comma
// before the fraction (Go issue 54580).
func mended(text string) bool {
	const minute, fraction = len("2006-01-02T15"), len("2006-01-02T15:04:05")
	return text[minute] != ':' || text[fraction] == ','
}

// parseInteger reads decimal digits without a sign and without zeros before them. What is beyond 64 bits counts as the
// largest number of 64 bits.
func parseInteger(text string) (uint64, bool) {
	if text == "" || strings.Trim(text, "0123456789") != "" || len(text) > 1 && text[0] == '0' {
		return 0, false
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil { // out of range is all that is left
		return math.MaxUint64, true
	}
	return n, true
}
