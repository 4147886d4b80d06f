// Package urlquery reads the parameters of a request's query strictly: what net/url passes over, or mends, is a fault, and
// so is a parameter that nobody knows. Whoever asks for a list is told all that is wrong with his request at once.
package urlquery

import (
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/glarimy/ums/shared/problem"
	"github.com/glarimy/ums/shared/user"
)

// Codes of what can be wrong with a parameter, beside those of package user. They are part of the public API.
const (
	CodeUnknown   = "unknown-parameter"
	CodeDuplicate = "duplicate-parameter"
	CodeFormat    = "format"
	CodeTooEarly  = "too-early"
)

// Parameters are those of one query, and what is wrong with them.
type Parameters struct {
	Values url.Values // each known parameter, decoded
	Faults []problem.FieldError

	known, repeated []string
}

// Read reads a raw query, whose parameters are those of known. Each may be there once, but for those of repeated.
func Read(raw string, known []string, repeated ...string) *Parameters {
	p := &Parameters{Values: url.Values{}, known: known, repeated: repeated}
	for pair := range strings.SplitSeq(raw, "&") {
		if pair != "" {
			p.add(pair)
		}
	}
	return p
}

func (p *Parameters) add(pair string) {
	rawKey, rawValue, _ := strings.Cut(pair, "=")
	key, err := url.QueryUnescape(rawKey)
	if err != nil {
		p.Fault(rawKey, user.CodeEncoding, "the parameter's name is not percent-encoded correctly")
		return
	}
	value, err := url.QueryUnescape(rawValue)
	switch {
	case !slices.Contains(p.known, key):
		p.Fault(key, CodeUnknown, "there is no such parameter; there are "+strings.Join(p.known, ", "))
	case err != nil:
		p.Fault(key, user.CodeEncoding, "the value is not percent-encoded correctly")
	case p.Values.Has(key) && !slices.Contains(p.repeated, key):
		p.Fault(key, CodeDuplicate, "the parameter is there more than once")
	default:
		p.Values.Add(key, value)
	}
}

// maxFaults bounds the answer to a query of nothing but faults.
const maxFaults = 16

// Fault notes what is wrong with a parameter.
func (p *Parameters) Fault(parameter, code, detail string) {
	if len(p.Faults) < maxFaults {
		p.Faults = append(p.Faults, problem.FieldError{Pointer: user.Pointer(parameter), Code: code, Detail: detail})
	}
}

// Invalid notes an error of the domain's as the parameter's fault.
func (p *Parameters) Invalid(parameter string, err error) {
	if why, ok := errors.AsType[*user.InvalidError](err); ok {
		p.Fault(parameter, why.Code, why.Detail)
	} else {
		p.Fault(parameter, CodeFormat, err.Error())
	}
}

// Refused returns the [*RefusedError] for the faults, or nil where there is none.
func (p *Parameters) Refused() error {
	if len(p.Faults) == 0 {
		return nil
	}
	return Refuse(problem.InvalidParameter, "Mend the parameters in errors and send the request again.", p.Faults...)
}

// RefusedError is a request that cannot be answered, as the client is told it.
type RefusedError struct {
	Problem problem.Problem
}

// Refuse returns a [*RefusedError].
func Refuse(kind problem.Type, detail string, faults ...problem.FieldError) error {
	return &RefusedError{Problem: problem.New(kind, detail, faults...)}
}

func (r *RefusedError) Error() string { return r.Problem.Title }
