package contract

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Kinds of problems: what follows the "#" in the URI of a problem's type.
const (
	malformedJSON         = "malformed-json"
	validation            = "validation"
	invalidName           = "invalid-name"
	invalidPrecondition   = "invalid-precondition"
	invalidParameter      = "invalid-parameter"
	invalidCursor         = "invalid-cursor"
	unsupportedCombo      = "unsupported-combination"
	notImplemented        = "not-implemented"
	eventNotFound         = "event-not-found"
	invalidLastEventID    = "invalid-last-event-id"
	invalidIdempotencyKey = "invalid-idempotency-key"
	invalidRequestTarget  = "invalid-request-target"
	malformedRequest      = "malformed-request"
	userNotFound          = "user-not-found"
	routeNotFound         = "route-not-found"
	methodNotAllowed      = "method-not-allowed"
	userExists            = "user-exists"
	idempotencyKeyInUse   = "idempotency-key-in-use"
	preconditionFailed    = "precondition-failed"
	bodyTooLarge          = "body-too-large"
	unsupportedMediaType  = "unsupported-media-type"
	idempotencyKeyReused  = "idempotency-key-reused"
	unavailable           = "unavailable"
)

// statusOf returns the status that every problem of a kind has.
func statusOf(kind string) int {
	switch kind {
	case userNotFound, eventNotFound, routeNotFound:
		return http.StatusNotFound
	case methodNotAllowed:
		return http.StatusMethodNotAllowed
	case userExists, idempotencyKeyInUse:
		return http.StatusConflict
	case preconditionFailed:
		return http.StatusPreconditionFailed
	case bodyTooLarge:
		return http.StatusRequestEntityTooLarge
	case unsupportedMediaType:
		return http.StatusUnsupportedMediaType
	case idempotencyKeyReused:
		return http.StatusUnprocessableEntity
	case notImplemented:
		return http.StatusNotImplemented
	case unavailable:
		return http.StatusServiceUnavailable
	default:
		return http.StatusBadRequest
	}
}

// Codes of faults in a field of a body.
const (
	codeRequired   = "required"
	codeType       = "type"
	codeNotInteger = "not-integer"
	codeTooSmall   = "too-small"
	codeTooLarge   = "too-large"
	codeTooShort   = "too-short"
	codeTooLong    = "too-long"
	codeForbidden  = "forbidden-character"
	codeUnknown    = "unknown-field"
	codeDuplicate  = "duplicate-field"
	codeReadOnly   = "read-only"
)

// Codes of faults in a parameter of a query, beside those above.
const (
	codeUnknownParameter   = "unknown-parameter"
	codeDuplicateParameter = "duplicate-parameter"
	codeTooMany            = "too-many"
	codeFormat             = "format"
	codeTooEarly           = "too-early"
	codeEncoding           = "encoding"
)

// fault is one entry of a problem's `errors`, without its words for people.
type fault struct {
	Pointer string `json:"pointer"`
	Code    string `json:"code"`
}

func (f fault) String() string { return f.Code + " at " + f.Pointer }

// Faults of the two fields.
func nameIs(code string) fault  { return fault{Pointer: "#/name", Code: code} }
func phoneIs(code string) fault { return fault{Pointer: "#/phone", Code: code} }

// problemBody is a problem as it came over the wire (RFC 9457, section 3).
type problemBody struct {
	Type      string  `json:"type"`
	Title     string  `json:"title"`
	Status    int     `json:"status"`
	RequestID string  `json:"request_id"`
	Errors    []fault `json:"errors"`
}

// isProblem wants a problem of a kind: its status, its headers, all its members, and exactly these faults if any are
// given.
func isProblem(kind string, faults ...fault) expectation {
	return func(r *response) string {
		words := fmt.Sprintf("%d with a problem of the type %q", statusOf(kind), kind)
		if len(faults) > 0 {
			words += fmt.Sprintf(" whose errors are %v", faults)
		}
		if r.status != statusOf(kind) {
			return words
		}
		p, complaint := parseProblem(r)
		if complaint != "" {
			return words + "; " + complaint
		}
		if _, slug, _ := strings.Cut(p.Type, "#"); slug != kind {
			return words
		}
		if len(faults) > 0 && !sameFaults(p.Errors, faults) {
			return words
		}
		return ""
	}
}

// isAnyProblem wants a problem with this status, of whatever kind.
func isAnyProblem(status int) expectation {
	return func(r *response) string {
		words := fmt.Sprintf("%d with a problem", status)
		if r.status != status {
			return words
		}
		if _, complaint := parseProblem(r); complaint != "" {
			return words + "; " + complaint
		}
		return ""
	}
}

// isHeadOfProblem wants what is left of a problem where no body may be, which is its status and its headers.
func isHeadOfProblem(status int) expectation {
	return func(r *response) string {
		if want := isStatus(status)(r); want != "" {
			return want
		}
		return hasProblemHeaders(r)
	}
}

// hasProblemHeaders wants what every problem has beside its body. A problem is of one request at one time, so nobody is to
// keep it; and it may repeat what a client sent, so no browser is to guess what it is.
func hasProblemHeaders(r *response) string {
	if want := hasMedia(mediaProblem)(r); want != "" {
		return want
	}
	if want := hasHeader("Cache-Control", "no-store")(r); want != "" {
		return "every problem to have " + want
	}
	if want := hasHeader("X-Content-Type-Options", "nosniff")(r); want != "" {
		return "every problem to have " + want
	}
	return ""
}

// parseProblem reads a problem and returns what is wrong with its form.
func parseProblem(r *response) (p problemBody, complaint string) {
	if complaint = hasProblemHeaders(r); complaint != "" {
		return p, complaint
	}
	if err := json.Unmarshal(r.body, &p); err != nil {
		return p, "a JSON object as its body"
	}
	id := r.header.Get("X-Request-Id")
	switch uri, err := url.Parse(p.Type); {
	case err != nil || !uri.IsAbs() || uri.Fragment == "":
		return p, "`type` as an absolute URI with the kind of the problem behind a #"
	case p.Title == "":
		return p, "a `title`"
	case p.Status != r.status:
		return p, fmt.Sprintf("the member `status` to repeat the status %d (it is %d)", r.status, p.Status)
	case id == "":
		return p, "the header X-Request-Id"
	case p.RequestID != id:
		return p, fmt.Sprintf("the member `request_id` to repeat the header X-Request-Id %q (it is %q)", id, p.RequestID)
	}
	if word := leaks(string(r.body)); word != "" {
		return p, fmt.Sprintf("nothing internal in it (it says %q)", word)
	}
	return p, ""
}

func sameFaults(got, want []fault) bool {
	if len(got) != len(want) {
		return false
	}
	for _, f := range want {
		if !slices.Contains(got, f) {
			return false
		}
	}
	return true
}

// leaks returns a word that betrays how a server is built, if the text holds one.
func leaks(text string) string {
	text = strings.ToLower(text)
	for _, word := range []string{
		"goroutine ", ".go:", "traceback", ".java:", "exception", "node_modules",
		"select *", "insert into", "sqlite", "mysql", "redis", "ums_users", "dial tcp", "127.0.0.1", "localhost", "panic",
	} {
		if strings.Contains(text, word) {
			return word
		}
	}
	return ""
}
