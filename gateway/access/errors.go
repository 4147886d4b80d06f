package access

import (
	"github.com/glarimy/ums/shared/problem"
)

// Error says why a request may not pass, in words for the client alone; Cause is for the log.
type Error struct {
	Type            problem.Type // InvalidCredentials, Unauthenticated, InsufficientScope or Unavailable
	Detail          string
	WWWAuthenticate string // the header's value (RFC 6750, section 3); empty for none
	RetryAfter      string // the header's value; empty for none
	Cause           error  // may be nil; holds no secret
}

// Error returns what the client is told, and the cause.
func (e *Error) Error() string {
	if e.Cause != nil {
		return string(e.Type) + ": " + e.Cause.Error()
	}
	return string(e.Type) + ": " + e.Detail
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Problem returns the answer's body.
func (e *Error) Problem() problem.Problem { return problem.New(e.Type, e.Detail) }

const challenge = `Bearer realm="ums"`

func malformed(detail string) *Error {
	return &Error{Type: problem.InvalidCredentials, Detail: detail, WWWAuthenticate: challenge + `, error="invalid_request"`}
}

// absent is for a request without credentials, which is told no error code (RFC 6750, section 3.1).
func absent() *Error {
	return &Error{
		Type:            problem.Unauthenticated,
		Detail:          "This path needs credentials: send Authorization: Bearer with an API key or a token, or X-API-Key.",
		WWWAuthenticate: challenge,
	}
}

// invalid tells no more than that: whoever guesses is not helped.
func invalid(cause error) *Error {
	return &Error{
		Type: problem.Unauthenticated, Detail: "The API key or token is not valid, or not any more.",
		WWWAuthenticate: challenge + `, error="invalid_token"`, Cause: cause,
	}
}

func insufficient(scope string) *Error {
	return &Error{
		Type: problem.InsufficientScope, Detail: "This needs the scope " + scope + ", which the credentials do not have.",
		WWWAuthenticate: challenge + `, error="insufficient_scope", scope="` + scope + `"`,
	}
}

func unavailable(cause error) *Error {
	return &Error{
		Type: problem.Unavailable, Detail: "Tokens cannot be verified right now, as their issuer's keys cannot be had.",
		RetryAfter: "10", Cause: cause,
	}
}
