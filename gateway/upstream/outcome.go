package upstream

import "net/http"

// Outcome is how an exchange with an instance ended.
type Outcome uint8

// The outcomes of an exchange. The first two are answers, the next three are not, and the last tells nothing.
const (
	Answered      Outcome = iota // an answer that does not speak against the instance
	Unwell                       // an answer with 500, 502, 503 or 504
	ConnectFailed                // no connection could be opened: the request reached nobody
	Broken                       // the connection ended before the answer did, or what came over it was not HTTP
	TimedOut                     // no first byte of an answer in time
	Canceled                     // the client went away, or its body was at fault

	outcomes = iota
)

// OutcomeOf returns the outcome of an exchange that has ended with a whole answer of the given status.
func OutcomeOf(status int) Outcome {
	switch status {
	case http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return Unwell
	}
	return Answered
}

// String returns the outcome as metrics and logs name it.
func (o Outcome) String() string {
	switch o {
	case Answered:
		return "answered"
	case Unwell:
		return "unwell"
	case ConnectFailed:
		return "connect-failed"
	case Broken:
		return "broken"
	case TimedOut:
		return "timed-out"
	case Canceled:
		return "canceled"
	}
	return "unknown"
}

// isAnswer reports whether the upstream has given an answer, be it a bad one.
func (o Outcome) isAnswer() bool { return o == Answered || o == Unwell }
