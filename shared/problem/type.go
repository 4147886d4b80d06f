package problem

import "net/http"

// Type is one kind of problem. It is part of the public API: clients compare the URI, which never changes.
type Type string

// The kinds of problems that UMS answers with. docs/problems.md explains each; a test keeps the two together.
const (
	MalformedJSON             Type = "malformed-json"
	Validation                Type = "validation"
	InvalidName               Type = "invalid-name"
	InvalidParameter          Type = "invalid-parameter"
	UnsupportedCombination    Type = "unsupported-combination"
	InvalidCursor             Type = "invalid-cursor"
	InvalidLastEventID        Type = "invalid-last-event-id"
	InvalidPrecondition       Type = "invalid-precondition"
	InvalidIdempotencyKey     Type = "invalid-idempotency-key"
	InvalidRequestTarget      Type = "invalid-request-target"
	MalformedRequest          Type = "malformed-request"
	InvalidCredentials        Type = "invalid-credentials" //nolint:gosec // a name, no secret
	Unauthenticated           Type = "unauthenticated"
	InsufficientScope         Type = "insufficient-scope"
	UserNotFound              Type = "user-not-found"
	EventNotFound             Type = "event-not-found"
	RouteNotFound             Type = "route-not-found"
	MethodNotAllowed          Type = "method-not-allowed"
	RequestTimeout            Type = "request-timeout"
	UserExists                Type = "user-exists"
	IdempotencyKeyInUse       Type = "idempotency-key-in-use"
	PreconditionFailed        Type = "precondition-failed"
	BodyTooLarge              Type = "body-too-large"
	UnsupportedMediaType      Type = "unsupported-media-type"
	ExpectationFailed         Type = "expectation-failed"
	IdempotencyKeyReused      Type = "idempotency-key-reused"
	RateLimited               Type = "rate-limited"
	HeadersTooLarge           Type = "headers-too-large"
	Internal                  Type = "internal"
	NotImplemented            Type = "not-implemented"
	UnsupportedTransferCoding Type = "unsupported-transfer-coding"
	UpstreamBroken            Type = "upstream-broken"
	UpstreamInvalid           Type = "upstream-invalid"
	Unavailable               Type = "unavailable"
	UpstreamUnavailable       Type = "upstream-unavailable"
	UpstreamTimeout           Type = "upstream-timeout"
	UnsupportedHTTPVersion    Type = "unsupported-http-version"
)

const typeBase = "https://github.com/glarimy/ums/blob/main/docs/problems.md#"

// URI returns the `type` member: the address of the kind's documentation.
func (t Type) URI() string { return typeBase + string(t) }

// Status returns the HTTP status of every problem of this kind.
func (t Type) Status() int {
	status, _ := t.describe()
	return status
}

// Title returns the kind's short, constant summary.
func (t Type) Title() string {
	_, title := t.describe()
	return title
}

// Types returns every kind, in the order of their statuses.
func Types() []Type {
	return []Type{
		MalformedJSON, Validation, InvalidName, InvalidParameter, UnsupportedCombination, InvalidCursor,
		InvalidLastEventID, InvalidPrecondition, InvalidIdempotencyKey, InvalidRequestTarget, MalformedRequest,
		InvalidCredentials, Unauthenticated, InsufficientScope,
		UserNotFound, EventNotFound, RouteNotFound, MethodNotAllowed, RequestTimeout, UserExists,
		IdempotencyKeyInUse, PreconditionFailed, BodyTooLarge,
		UnsupportedMediaType, ExpectationFailed, IdempotencyKeyReused, RateLimited, HeadersTooLarge, Internal, NotImplemented,
		UnsupportedTransferCoding, UpstreamBroken, UpstreamInvalid, Unavailable, UpstreamUnavailable, UpstreamTimeout,
		UnsupportedHTTPVersion,
	}
}

//nolint:funlen // a table
func (t Type) describe() (status int, title string) {
	switch t {
	case MalformedJSON:
		return http.StatusBadRequest, "The body is not well-formed JSON"
	case Validation:
		return http.StatusBadRequest, "Some fields are not acceptable"
	case InvalidName:
		return http.StatusBadRequest, "The name is not acceptable"
	case InvalidParameter:
		return http.StatusBadRequest, "A parameter is not acceptable"
	case UnsupportedCombination:
		return http.StatusBadRequest, "These parameters cannot be combined"
	case InvalidCursor:
		return http.StatusBadRequest, "The cursor is not valid for this list"
	case InvalidLastEventID:
		return http.StatusBadRequest, "The stream cannot go on from there"
	case InvalidPrecondition:
		return http.StatusBadRequest, "The precondition is not well-formed"
	case InvalidIdempotencyKey:
		return http.StatusBadRequest, "The idempotency key is not well-formed"
	case InvalidRequestTarget:
		return http.StatusBadRequest, "The request target is not well-formed"
	case MalformedRequest:
		return http.StatusBadRequest, "The request is not well-formed HTTP"
	case InvalidCredentials:
		return http.StatusBadRequest, "The credentials are not well-formed"
	case Unauthenticated:
		return http.StatusUnauthorized, "This needs valid credentials"
	case InsufficientScope:
		return http.StatusForbidden, "The credentials do not allow this"
	case UserNotFound:
		return http.StatusNotFound, "No such user"
	case EventNotFound:
		return http.StatusNotFound, "No such event"
	case RouteNotFound:
		return http.StatusNotFound, "No such path"
	case MethodNotAllowed:
		return http.StatusMethodNotAllowed, "The path does not take this method"
	case RequestTimeout:
		return http.StatusRequestTimeout, "The request was not there in time"
	case UserExists:
		return http.StatusConflict, "The user already exists"
	case IdempotencyKeyInUse:
		return http.StatusConflict, "A request with this idempotency key is being processed"
	case PreconditionFailed:
		return http.StatusPreconditionFailed, "The user is at another version"
	case BodyTooLarge:
		return http.StatusRequestEntityTooLarge, "The body is too large"
	case UnsupportedMediaType:
		return http.StatusUnsupportedMediaType, "The media type is not supported"
	case ExpectationFailed:
		return http.StatusExpectationFailed, "The expectation cannot be met"
	case IdempotencyKeyReused:
		return http.StatusUnprocessableEntity, "The idempotency key was used for another request"
	case RateLimited:
		return http.StatusTooManyRequests, "Too many requests"
	case HeadersTooLarge:
		return http.StatusRequestHeaderFieldsTooLarge, "The request's header is too large"
	case NotImplemented:
		return http.StatusNotImplemented, "This is not implemented yet"
	case UnsupportedTransferCoding:
		return http.StatusNotImplemented, "The transfer coding is not supported"
	case UpstreamBroken:
		return http.StatusBadGateway, "The service broke off its answer"
	case UpstreamInvalid:
		return http.StatusBadGateway, "The answer of the service cannot be used"
	case Unavailable:
		return http.StatusServiceUnavailable, "The service is not available right now"
	case UpstreamUnavailable:
		return http.StatusServiceUnavailable, "No instance of the service can be reached"
	case UpstreamTimeout:
		return http.StatusGatewayTimeout, "The service did not answer in time"
	case UnsupportedHTTPVersion:
		return http.StatusHTTPVersionNotSupported, "The version of HTTP is not supported"
	case Internal:
		return http.StatusInternalServerError, "Something went wrong"
	default:
		return http.StatusInternalServerError, "Something went wrong"
	}
}
