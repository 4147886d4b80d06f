package upstream

import "net/http"

// Attempt is what a decision about sending a request again depends on.
type Attempt struct {
	Method         string
	IdempotencyKey bool // the request carries an Idempotency-Key, by which the service knows it again
	// Replayable says that the request's body can be sent again from its first byte: there is none, it is kept, or none
	// of it has been read from the client.
	Replayable bool
	// Begun says that a byte of the answer was sent to the client.
	Begun   bool
	Outcome Outcome
}

// Retryable reports whether a request whose exchange ended like this may be sent again, to another instance. It looks
// neither at how often that was done already nor at the budget.
//
// A request that reached nobody may, whatever its method. One that may have been processed may only if processing it
// twice is processing it once: by its method (RFC 9110, section 9.2.2) or its key. An answer is the service's own, also
// one that says 503, and one that came too late has left no time for another.
func Retryable(a Attempt) bool {
	if a.Begun || !a.Replayable {
		return false
	}
	switch a.Outcome {
	case ConnectFailed:
		return true
	case Broken:
		return a.IdempotencyKey || idempotent(a.Method)
	case Answered, Unwell, TimedOut, Canceled:
		return false
	}
	return false
}

// idempotent reports whether a method is idempotent by RFC 9110, section 9.2.2.
func idempotent(method string) bool {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace, http.MethodPut, http.MethodDelete:
		return true
	}
	return false
}
