// Package usertest is the one table of what clients must not send, and of unusual things they may. Every layer's tests
// go through it: the decoding, the handlers, a service, the whole system.
package usertest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/glarimy/ums/shared/problem"
)

// The user that the bodies of the tables speak of. A bad draft adds nobody: afterwards there is no user of this name,
// nor of any other.
const (
	Name  = "KrishnaMohan"
	Phone = 9731423166
)

// MaxBody is the size in bytes up to which a body is read.
const MaxBody = 16 << 10

// Media types of a body.
const (
	JSON       = "application/json"
	MergePatch = "application/merge-patch+json" // RFC 7396, for PATCH alone
)

// Case is a body that must be refused with exactly this problem.
type Case struct {
	Name        string
	Body        []byte
	ContentType string // "" for none
	Status      int
	Problem     problem.Type
	Errors      []Error // in this order; none but where the problem is a validation
	HTTPOnly    bool    // refused for its size or media type, before anything decodes it
}

// Error is one member of a problem's errors, without the words for people.
type Error struct {
	Pointer string `json:"pointer"`
	Code    string `json:"code"`
}

// NewRequest returns a request that sends the case.
func (c Case) NewRequest(ctx context.Context, method, url string) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(c.Body))
	if err == nil && c.ContentType != "" {
		r.Header.Set("Content-Type", c.ContentType)
	}
	return r, err
}

// Check returns how an answer differs from what the case asks for, or nil.
func (c Case) Check(status int, header http.Header, body []byte) error {
	got, err := readProblem(status, header, body, c.Status, c.Problem)
	if err == nil && !slices.Equal(got, c.Errors) {
		err = fmt.Errorf("errors = %v, want %v", got, c.Errors)
	}
	return err
}

// readProblem returns the errors of a problem, and how the answer differs from one of that status and type.
func readProblem(
	status int, header http.Header, body []byte, wantStatus int, wantType problem.Type,
) ([]Error, error) {
	if status != wantStatus {
		return nil, fmt.Errorf("status = %d, want %d; the body is %.300q", status, wantStatus, body)
	}
	if got := header.Get("Content-Type"); got != problem.ContentType {
		return nil, fmt.Errorf("Content-Type = %q, want %q", got, problem.ContentType)
	}
	var got struct {
		Type   string  `json:"type"`
		Status int     `json:"status"`
		Errors []Error `json:"errors"`
	}
	if err := json.Unmarshal(body, &got); err != nil {
		return nil, fmt.Errorf("the problem is not JSON: %w", err)
	}
	switch {
	case got.Type != wantType.URI():
		return nil, fmt.Errorf("type = %q, want %q", got.Type, wantType.URI())
	case got.Status != wantStatus:
		return nil, fmt.Errorf("status in the problem = %d, want %d", got.Status, wantStatus)
	}
	return got.Errors, nil
}

// malformed is a body that is not one JSON object.
func malformed(name, body string) Case {
	return Case{
		Name: name, Body: []byte(body), ContentType: JSON,
		Status: http.StatusBadRequest, Problem: problem.MalformedJSON,
	}
}

// invalid is a JSON object with unacceptable fields.
func invalid(name, body string, errs ...Error) Case {
	return Case{
		Name: name, Body: []byte(body), ContentType: JSON,
		Status: http.StatusBadRequest, Problem: problem.Validation, Errors: errs,
	}
}

// mediaType is a good body that claims to be something else.
func mediaType(name, contentType, body string) Case {
	return Case{
		Name: name, Body: []byte(body), ContentType: contentType, HTTPOnly: true,
		Status: http.StatusUnsupportedMediaType, Problem: problem.UnsupportedMediaType,
	}
}

// tooLarge is a body that is not read to its end.
func tooLarge(name, body string) Case {
	return Case{
		Name: name, Body: []byte(body), ContentType: JSON, HTTPOnly: true,
		Status: http.StatusRequestEntityTooLarge, Problem: problem.BodyTooLarge,
	}
}

// quote returns s as a JSON string.
func quote(s string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		panic(err) // of the table's own text
	}
	return strings.TrimSuffix(b.String(), "\n")
}
