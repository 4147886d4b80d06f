package urlquery

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/glarimy/ums/shared/user"
)

// Names of the parameters that every list has.
const (
	Limit  = "limit"
	Cursor = "cursor"
)

// Bounds of a page's size.
const (
	defaultLimit = 50
	maxLimit     = 500
)

// Limit returns how many items a page has at most: 50 where nothing is said.
func (p *Parameters) Limit() int {
	if !p.Values.Has(Limit) {
		return defaultLimit
	}
	switch n, ok := Integer(p.Values.Get(Limit)); {
	case !ok:
		p.Fault(Limit, user.CodeNotInteger, "the limit must be an integer in decimal digits")
	case n < 1:
		p.Fault(Limit, user.CodeTooSmall, "the limit must be at least 1")
	case n > maxLimit:
		p.Fault(Limit, user.CodeTooLarge, fmt.Sprintf("the limit may be at most %d", maxLimit))
	default:
		return int(n)
	}
	return 0
}

// Moment returns the first microsecond that is not before the moment of a parameter, in UTC; false where it is absent or
// faulty. As all that is stored is in whole microseconds, that is as good a bound.
func (p *Parameters) Moment(parameter string) (t time.Time, ok bool) {
	if !p.Values.Has(parameter) {
		return time.Time{}, false
	}
	text := p.Values.Get(parameter)
	t, err := time.Parse(time.RFC3339, text)
	if err != nil || mended(text) {
		p.Fault(parameter, CodeFormat, "the value is not a timestamp of RFC 3339, such as 2022-09-12T10:00:00Z; "+
			"in a query the + of an offset is written %2B")
		return time.Time{}, false
	}
	if down := t.Truncate(time.Microsecond); down.Before(t) {
		t = down.Add(time.Microsecond)
	}
	return t.UTC(), true
}

// mended reports whether time.Parse took a text that RFC 3339 does not allow: with one digit for the hour, or a comma
// before the fraction (Go issue 54580).
func mended(text string) bool {
	const minute, fraction = len("2006-01-02T15"), len("2006-01-02T15:04:05")
	return text[minute] != ':' || text[fraction] == ','
}

// Integer reads decimal digits without a sign and without zeros before them. What is beyond 64 bits counts as the largest
// number of 64 bits.
func Integer(text string) (uint64, bool) {
	if !IsDigits(text) || len(text) > 1 && text[0] == '0' {
		return 0, false
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil { // out of range is all that is left
		return math.MaxUint64, true
	}
	return n, true
}

// IsDigits reports whether a text is decimal digits, at least one.
func IsDigits(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}
