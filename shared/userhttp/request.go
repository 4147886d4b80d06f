package userhttp

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gorilla/mux"

	"github.com/glarimy/ums/shared/user"
)

// MaxBody is the size of the largest body that describes a user, in bytes. The largest sensible one has 200.
const MaxBody = 16 << 10

// Errors of reading a request.
var (
	ErrMediaType  = errors.New("the media type is not supported")
	ErrTooLarge   = errors.New("the body is too large")
	ErrIncomplete = errors.New("the body did not arrive whole")
)

func errPath() error {
	return &NameError{Reason: &user.InvalidError{
		Code: user.CodeEncoding, Detail: "the name in the path is not percent-encoded correctly",
	}}
}

// NameError says that the name in the path is not one that a user can have.
type NameError struct {
	Reason *user.InvalidError
}

func (e *NameError) Error() string { return "invalid name in the path: " + e.Reason.Error() }

func (e *NameError) Unwrap() error { return e.Reason }

// Name returns the name in the path of a route with a {name}. It is decoded once, here. The error is a [*NameError].
func Name(r *http.Request) (user.Name, error) {
	text, err := url.PathUnescape(mux.Vars(r)["name"])
	if err != nil {
		return user.Name{}, errPath()
	}
	name, err := user.NewName(text)
	if invalid, ok := errors.AsType[*user.InvalidError](err); ok {
		return user.Name{}, &NameError{Reason: invalid}
	}
	return name, err
}

// Path returns the path of a user, with the name as one percent-encoded segment.
func Path(name user.Name) string { return "/user/" + url.PathEscape(name.String()) }

// Body reads a JSON body of one of the media types given. The error is ErrMediaType, ErrTooLarge, or ErrIncomplete where
// the client broke off, was too slow, or framed the body wrongly.
func Body(w http.ResponseWriter, r *http.Request, mediaTypes ...string) ([]byte, error) {
	if !acceptable(r.Header.Get("Content-Type"), mediaTypes) {
		return nil, ErrMediaType
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBody))
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, ErrTooLarge
	} else if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrIncomplete, err)
	}
	return body, nil
}

func acceptable(contentType string, mediaTypes []string) bool {
	got, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return false
	}
	if charset, ok := params["charset"]; ok && !strings.EqualFold(charset, "utf-8") {
		return false
	}
	return slices.Contains(mediaTypes, got)
}
