// Package header names the HTTP headers by which the gateway and the services speak of a request. A client cannot set
// those that begin with Ums-: the gateway strips them.
package header

const (
	// RequestID identifies one request through all services; every answer carries it.
	RequestID = "X-Request-Id"
	// Deadline is the time left for the request, in whole milliseconds, when the gateway sent it on.
	Deadline = "Ums-Deadline-Ms"
	// Actor is who makes the request, as the gateway has authenticated them; absent for an anonymous one.
	Actor = "Ums-Actor"
	// Scopes are what the actor may do, separated by spaces.
	Scopes = "Ums-Scopes"
	// Traceparent is the W3C Trace Context of the request.
	Traceparent = "Traceparent"
	// IdempotencyKey makes a POST safe to repeat (draft-ietf-httpapi-idempotency-key-header-07, expired).
	IdempotencyKey = "Idempotency-Key"
)

// InternalPrefix begins the canonical name of every header that only the gateway may set.
const InternalPrefix = "Ums-"
