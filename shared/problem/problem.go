// Package problem is the form of every error on the wire: problem details (RFC 9457), with the kinds that UMS knows.
package problem

import (
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/glarimy/ums/shared/header"
)

// ContentType is the media type of a problem.
const ContentType = "application/problem+json"

// Problem is one error as a client sees it. It never holds anything internal: no address, no query, no stack.
type Problem struct {
	Type      string       `json:"type"`
	Title     string       `json:"title"`
	Status    int          `json:"status"`
	Detail    string       `json:"detail,omitempty"`
	Instance  string       `json:"instance,omitempty"`
	RequestID string       `json:"request_id,omitempty"`
	Slot      string       `json:"slot,omitempty"` // the slot that failed, where the gateway speaks for it
	Errors    []FieldError `json:"errors,omitempty"`
}

// FieldError is what is wrong with one part of the request.
type FieldError struct {
	Pointer string `json:"pointer"` // JSON pointer in its URI fragment form, such as "#/name"
	Code    string `json:"code"`
	Detail  string `json:"detail"`
}

// New returns a problem of the kind t. The detail says what happened in this case, to what, and what to do.
func New(t Type, detail string, errs ...FieldError) Problem {
	status, title := t.describe()
	return Problem{Type: t.URI(), Title: title, Status: status, Detail: detail, Errors: errs}
}

// Write answers the request with p, completed by the request's id and path. Headers that are particular to the case,
// such as Allow or Retry-After, are the caller's to set before.
func Write(w http.ResponseWriter, r *http.Request, p Problem) {
	h := w.Header()
	p.RequestID = h.Get(header.RequestID)
	p.Instance = r.URL.EscapedPath()
	body, err := json.Marshal(p)
	if err != nil { // strings and numbers alone: cannot happen
		http.Error(w, p.Title, p.Status)
		return
	}
	h.Set("Content-Type", ContentType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(p.Status)
	// A client that went away cannot be told anything more.
	_, _ = w.Write(body)
}
