package journal

import (
	"strings"
	"time"

	"github.com/glarimy/ums/shared/urlquery"
	"github.com/glarimy/ums/shared/user"
)

// The parameters of a query.
const (
	paramUser  = "user"
	paramType  = "type"
	paramFrom  = "from"
	paramTo    = "to"
	paramOrder = "order"
)

// readFilter reads whose events are asked for, and of which type.
func readFilter(p *urlquery.Parameters) (f filter) {
	if p.Values.Has(paramUser) {
		name, err := user.NewName(p.Values.Get(paramUser))
		if err != nil {
			p.Invalid(paramUser, err)
		}
		f.user = name.String()
	}
	if p.Values.Has(paramType) {
		f.kind = p.Values.Get(paramType)
		if !isType(f.kind) {
			p.Fault(paramType, urlquery.CodeFormat, "the type is not one of an event, such as com.glarimy.ums.user.added")
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

// isDescending reads the order, which is ascending where nothing is said.
func isDescending(p *urlquery.Parameters) bool {
	if !p.Values.Has(paramOrder) {
		return false
	}
	order := p.Values.Get(paramOrder)
	if order != "asc" && order != "desc" {
		p.Fault(paramOrder, urlquery.CodeFormat, "the order is asc, oldest first, or desc")
	}
	return order == "desc"
}

// readMoment returns a parameter as a moment that both databases can store, or nil where it is absent.
func readMoment(p *urlquery.Parameters, parameter string) *time.Time {
	t, ok := p.Moment(parameter)
	if !ok {
		return nil
	}
	if first := time.Date(1000, 1, 1, 0, 0, 0, 0, time.UTC); t.Before(first) {
		t = first
	}
	if last := time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC); t.After(last) {
		t = last
	}
	return &t
}
